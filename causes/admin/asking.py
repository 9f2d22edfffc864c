"""The one view behind the pages of all verbs."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from causes import database
from causes.admin.base import EntryPages
from causes.admin.request import locked_if_posted
from causes.admin.seen import decided_on, seal
from causes.admin.status import EntryStatus, entry_url
from causes.admin.verbs.page import VerbPage
from causes.models import Entry, Revision
from causes.publishing import NotPermitted, Refusal


class VerbViews(EntryPages):
    """Mixed into the ModelAdmin of an entry."""

    def verb_view(self, page: VerbPage) -> Callable[..., HttpResponse]:
        """The view of one verb, for `desk_path`."""

        def view(request: HttpRequest, pk: int) -> HttpResponse:
            return self._ask(page, request, pk)

        return view

    def _ask(self, page: VerbPage, request: HttpRequest, pk: int) -> HttpResponse:
        posted = request.method == "POST"
        if posted and not self.model._default_manager.filter(pk=pk).exists():
            if not page.may(request, self.model(kind=self.kind)):
                raise PermissionDenied
            return self._gone(page, request)
        entry = self.entry_of(request, pk)
        if not page.may(request, entry):
            raise PermissionDenied
        if entry.newest is None:
            sentence = f"“{entry.slug}” has no text yet: write one first."
            return self.go_to(request, entry_url(entry), sentence, messages.ERROR)
        try:
            named = request.POST.get("revision")
            texts = (entry.newest, self.revision_of(entry, named) if named else None)
            with locked_if_posted(request, *texts):
                return self._answer(page, request, self.entry_of(request, pk))
        except database.Busy as refusal:
            busy = str(refusal)
        return self._answer(page, request, entry, busy)

    def _answer(
        self, page: VerbPage, request: HttpRequest, entry: Entry, busy: str = ""
    ) -> HttpResponse:
        """The page, or the one that follows once the verb is carried out.

        `busy` is the reason why nothing can be written at the moment.
        """
        status = EntryStatus(entry)
        posted = request.POST if request.method == "POST" else None
        revision = page.revision(entry, status)
        if named := (request.GET if posted is None else posted).get("revision"):
            revision = self.revision_of(entry, named)
        initial = {"revision": revision.uuid, **page.initial(request, revision)}
        form = page.form(posted, initial=initial)
        facts = {name: fact for name, fact in status.facts().items() if name in page.decides_on}
        meeting = decided_on(facts, posted, f"this {entry.kind}") if posted and facts else None
        if posted is not None and form.is_valid():
            if busy:
                form.add_error(None, busy)
            elif not meeting and (answer := self._act(page, request, entry, revision, form)):
                return answer
        return self.entry_page(
            request,
            page.template,
            ("Look again: " if meeting else "") + page.title(revision),
            entry,
            status,
            form=form,
            media=self.media + form.media,
            button=page.button,
            sentences=page.sentences(revision, status),
            verb=page.name,
            sealed=seal(facts) if facts else "",
            meeting=meeting,
            **page.context(revision),
        )

    def _act(
        self,
        page: VerbPage,
        request: HttpRequest,
        entry: Entry,
        revision: Revision,
        form: forms.BaseForm,
    ) -> HttpResponse | None:
        """Carries the verb out, or puts the reason why it was refused into the form."""
        try:
            done = page.act(request, revision, dict(form.cleaned_data))
        except NotPermitted:
            raise
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            return None
        return self.go_to(
            request, done.address or entry_url(entry), done.sentence, messages.SUCCESS
        )

    def _gone(self, page: VerbPage, request: HttpRequest) -> HttpResponse:
        """The entry was deleted while somebody had one of its pages open."""
        form = page.form(request.POST)
        words = [(str(f.label), str(f.data), f.name) for f in form.visible_fields() if f.data]
        sentence = f"This {self.opts.verbose_name} was deleted while you had the page open."
        return self.gone_page(request, f"{sentence} Nothing was changed.", words)
