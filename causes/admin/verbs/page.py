"""A page that asks before a verb is carried out, and the one view that serves them all."""

from abc import ABC, abstractmethod
from contextlib import nullcontext
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from causes import database
from causes.admin.keeping import gone_page
from causes.admin.shown import decided_on, seal
from causes.clock import now
from causes.models import Entry, Publication, Revision
from causes.models.texts import TextFormField
from causes.publishing import NotPermitted, Refusal, shown
from causes.timeline import Timeline


class AskForm(forms.Form):
    """What every such page has: the exact text that was on the screen, and why."""

    revision = forms.UUIDField(widget=forms.HiddenInput)
    reason = TextFormField(
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For your colleagues, in the event log. Readers do not see it.",
    )


class Desk:
    """Where an entry stands, as the pages and the buttons need to know it."""

    def __init__(self, entry: Any) -> None:
        self.row = Entry.objects.with_state().get(pk=entry.pk)
        self.state, self.step = Entry.state_of(self.row), Entry.step_of(self.row)
        self.is_live: bool = self.row.is_live
        self.is_scheduled: bool = self.row.is_scheduled
        self.newest_is_live: bool = self.row.newest_is_live
        spans = Publication.objects.filter(entry=entry).open_or_upcoming()
        self.spans = list(spans.select_related("revision").order_by("live_from"))

    @property
    def live(self) -> Publication | None:
        return self.spans[0] if self.is_live and self.spans else None

    @property
    def ahead(self) -> list[Publication]:
        return self.spans[1:] if self.is_live else self.spans

    @property
    def ends(self) -> bool:
        """Whether a person set the moment at which the live text is taken down."""
        live = Timeline(row.span for row in self.spans).live(now())
        return live is not None and live.ends_by_decision

    def facts(self) -> dict[str, str]:
        """What a page says of the entry that somebody may decide on, as people read it."""
        row, live = self.row, self.live
        until = f", until {shown(live.live_until)}" if live and live.live_until else ""
        ahead = [
            f"revision {span.revision.number} from {shown(span.live_from)}"
            + (f" until {shown(span.live_until)}" if span.live_until else "")
            for span in self.ahead
        ]
        return {
            "Address": row.get_absolute_url(),
            "Newest text": f"revision {row.last_number}, {self.step.label.lower()}",
            "Public now": f"revision {live.revision.number}{until}" if live else "nothing",
            "Scheduled": "; ".join(ahead) or "nothing",
        }


class VerbPage(ABC):
    """One verb: who may, when it is offered, what is asked, what happens."""

    name: ClassVar[str]
    """The verb's own name: in the address, the URL's name and the log."""

    label: ClassVar[str]
    button: ClassVar[str]
    permission: ClassVar[str] = ""
    form: ClassVar[type[forms.Form]] = AskForm
    causes_only: ClassVar[bool] = False
    template: ClassVar[str] = "admin/causes/entry/ask.html"
    decides_on: ClassVar[tuple[str, ...]] = ()
    """The names in `Desk.facts` of what the verb replaces: it is refused once if one changes."""

    def may(self, request: HttpRequest, entry: Any) -> bool:
        return bool(request.user.has_perm(f"causes.{self.permission}"))

    def offered(self, desk: Desk) -> bool:
        """Whether the verb makes sense now; the verb itself decides whether it happens."""
        return True

    def title(self, revision: Revision) -> str:
        return f"{self.label} “{revision.title}”?"

    def revision(self, entry: Any, desk: Desk) -> Revision:
        """The text that the page is about, unless the form that comes back names it."""
        newest: Revision = entry.newest
        return newest

    def initial(self, request: HttpRequest, revision: Revision) -> dict[str, Any]:
        return {}

    def sentences(self, entry: Any, revision: Revision, desk: Desk) -> list[str]:
        return []

    def context(self, entry: Any, revision: Revision, desk: Desk) -> dict[str, Any]:
        return {}

    @abstractmethod
    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> str:
        """Carries it out and says in a sentence what happened. Raises a Refusal."""

    def after(self, request: HttpRequest, admin: Any, entry: Any) -> str:
        """The address to go to when it is done."""
        return str(admin.desk_url("change", entry.pk))


class VerbViews:
    """Mixed into the ModelAdmin of an entry, whose methods it calls."""

    _entry: Any
    _revision: Any
    desk_context: Any
    desk_url: Any
    message_user: Any
    media: Any
    verbs: ClassVar[tuple[VerbPage, ...]]

    def offers(self, request: HttpRequest, entry: Any, desk: Desk) -> list[tuple[str, str, str]]:
        """What this person can do with the entry now: (name, label, address)."""
        return [
            (page.name, page.label, self.desk_url(page.name, entry.pk))
            for page in self.verbs
            if page.may(request, entry)
            and page.offered(desk)
            and not (page.causes_only and entry.kind != Entry.Kind.CAUSE)
        ]

    def verb_view(self, page: VerbPage) -> Any:
        """The view of one verb. The admin site's own wrapper checks login and CSRF token."""

        def view(request: HttpRequest, pk: int) -> HttpResponse:
            return self._ask(page, request, pk)

        return view

    def _ask(self, page: VerbPage, request: HttpRequest, pk: int) -> HttpResponse:
        posted = request.method == "POST"
        if posted and not self.model.objects.filter(pk=pk).exists():
            if not page.may(request, self.model(kind=self.kind)):
                raise PermissionDenied
            return self._gone(page, request)
        entry = self._entry(request, pk)
        if not page.may(request, entry):
            raise PermissionDenied
        if entry.newest is None:
            sentence = f"“{entry.slug}” has no text yet: write one first."
            self.message_user(request, sentence, messages.ERROR)
            return HttpResponseRedirect(self.desk_url("change", entry.pk))
        running = ""
        try:
            # Under the lock: what the page showed stays as it is while it is compared.
            with database.writing() if posted else nullcontext():
                return self._answer(page, request, self._entry(request, pk))
        except database.ImportRunning as refusal:
            running = str(refusal)
        return self._answer(page, request, entry, running)

    def _answer(
        self, page: VerbPage, request: HttpRequest, entry: Any, running: str = ""
    ) -> HttpResponse:
        """The page, or what follows once the verb is carried out."""
        desk = Desk(entry)
        posted = request.POST if request.method == "POST" else None
        revision = page.revision(entry, desk)
        if named := request.GET.get("revision", "") if posted is None else posted.get("revision"):
            revision = self._revision(entry, named)
        initial = {"revision": revision.uuid, **page.initial(request, revision)}
        form = page.form(posted, initial=initial)
        facts = {name: fact for name, fact in desk.facts().items() if name in page.decides_on}
        meeting = decided_on(facts, posted, f"this {entry.kind}") if posted and facts else None
        ready = posted is not None and form.is_valid()
        if running and ready:
            form.add_error(None, running)
        elif ready and not meeting and (answer := self._act(page, request, entry, revision, form)):
            return answer
        context = self.desk_context(request, entry, desk) | {
            "form": form,
            "media": self.media + form.media,
            "title": ("Look again: " if meeting else "") + page.title(revision),
            "button": page.button,
            "sentences": page.sentences(entry, revision, desk),
            "verb": page.name,
            "sealed": seal(facts) if facts else "",
            "meeting": meeting,
            **page.context(entry, revision, desk),
        }
        return TemplateResponse(request, page.template, context)

    def _act(
        self, page: VerbPage, request: HttpRequest, entry: Any, revision: Revision, form: Any
    ) -> HttpResponse | None:
        try:
            sentence = page.act(request, revision, dict(form.cleaned_data))
        except NotPermitted:
            raise
        except Refusal as refusal:
            field = getattr(refusal, "field", None)
            form.add_error(field if field in form.fields else None, str(refusal))
            return None
        self.message_user(request, sentence, messages.SUCCESS)
        return HttpResponseRedirect(page.after(request, self, entry))

    def _gone(self, page: VerbPage, request: HttpRequest) -> HttpResponse:
        """The entry was deleted while somebody had one of its pages open."""
        form = page.form(request.POST)
        words = [(f.label, str(f.data), f.name) for f in form.visible_fields() if f.data]
        sentence = f"This {self.opts.verbose_name} was deleted while you had the page open."
        return gone_page(request, self, f"{sentence} Nothing was done.", words)
