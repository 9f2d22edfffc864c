"""Actions on many entries: a page says what will happen to each, then it happens to each."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from causes import database, publishing
from causes.admin.exports import export_action, may_export
from causes.admin.shown import seal, unsaid, unseal
from causes.admin.verbs.moments import MomentField
from causes.admin.verbs.page import Desk
from causes.admin.verbs.spans import publish_now
from causes.models import Category, Revision, Tag
from causes.models.guards import Refused
from causes.models.texts import TextFormField
from causes.publishing import Refusal, Text, shown

MOST = 200
"""Entries that one action takes at most."""


class Bulk(ABC):
    """One action: who may, what it asks, and what it does to one entry."""

    name: ClassVar[str]
    label: ClassVar[str]
    permission: ClassVar[str] = "publish_entry"
    form: ClassVar[type[forms.Form]] = forms.Form
    causes_only: ClassVar[bool] = False

    def may(self, request: HttpRequest, kind: str) -> bool:
        name = self.permission.format(kind=kind)
        return bool(request.user.has_perm(f"causes.{name}"))

    @abstractmethod
    def act(self, revision: Revision, user: Any, data: dict[str, Any]) -> str:
        """Carries it out, and says what it did. Raises a Refusal."""


class ReasonForm(forms.Form):
    reason = TextFormField(
        required=False, max_length=500, help_text="For the event log, the same for each."
    )


class SubmitAll(Bulk):
    name, label, permission = "submit", "Submit for approval", "submit_entry"
    form = ReasonForm

    def act(self, revision: Revision, user: Any, data: dict[str, Any]) -> str:
        publishing.submit(revision, by=user, reason=data["reason"])
        return "submitted for approval"


class ApproveAll(Bulk):
    name, label, permission = "approve", "Approve", "approve_entry"
    form = ReasonForm

    def act(self, revision: Revision, user: Any, data: dict[str, Any]) -> str:
        publishing.approve(revision, by=user, reason=data["reason"])
        return "approved"


class PublishAll(Bulk):
    name, label = "publish", "Publish now"
    form = ReasonForm

    def act(self, revision: Revision, user: Any, data: dict[str, Any]) -> str:
        made = publish_now(revision, user, data["reason"])
        return f"public until {shown(made.live_until)}" if made.live_until else "public"


class ScheduleForm(ReasonForm):
    publish_at = MomentField(required=False)
    take_down_at = MomentField(required=False)
    field_order = ("publish_at", "take_down_at", "reason")


class ScheduleAll(Bulk):
    name, label, form = "schedule", "Schedule", ScheduleForm

    def act(self, revision: Revision, user: Any, data: dict[str, Any]) -> str:
        span = publishing.schedule(revision, by=user, **data)
        parts = [f"public from {shown(span.live_from)}"] if data["publish_at"] else []
        parts += [f"taken down on {shown(span.live_until)}"] if span.live_until else []
        return ", ".join(parts)


class TakeDownForm(ReasonForm):
    cancel_scheduled = forms.BooleanField(required=False, label="Cancel what is scheduled too")
    field_order = ("cancel_scheduled", "reason")


class TakeDownAll(Bulk):
    name, label, form = "take_down", "Take down", TakeDownForm

    def act(self, revision: Revision, user: Any, data: dict[str, Any]) -> str:
        publishing.take_down(revision.entry, by=user, **data)
        return "taken down"


class CategoryForm(forms.Form):
    category = forms.ModelChoiceField(Category.objects.current())


class TagForm(forms.Form):
    tag = forms.ModelChoiceField(Tag.objects.current())


class NothingNew(Refusal):
    """The text has it already."""


class Redraft(Bulk):
    """One more draft of each, that differs in one thing."""

    permission = "change_{kind}"

    @abstractmethod
    def changed(self, text: Text, data: dict[str, Any]) -> Text:
        """The text as it is to be."""

    @abstractmethod
    def note(self, data: dict[str, Any]) -> str:
        """What the draft's note says of the change."""

    def act(self, revision: Revision, user: Any, data: dict[str, Any]) -> str:
        before = Text.of(revision)
        after = self.changed(before, data)
        if before == after:
            raise NothingNew("It is so already, so there is nothing to save.")
        note = self.note(data)
        saved = publishing.save_draft(revision.entry, after, by=user, base=revision.uuid, note=note)
        return f"saved as draft {saved.number}: {note}"


class SetCategory(Redraft):
    name, label, form = "set_category", "Set the category", CategoryForm
    causes_only = True

    def changed(self, text: Text, data: dict[str, Any]) -> Text:
        return Text(text.title, text.summary, text.body, data["category"], text.tags)

    def note(self, data: dict[str, Any]) -> str:
        return f"Category set to {data['category'].name}."


class AddTag(Redraft):
    name, label, form = "add_tag", "Add a tag", TagForm

    def changed(self, text: Text, data: dict[str, Any]) -> Text:
        return Text(text.title, text.summary, text.body, text.category, text.tags | {data["tag"]})

    def note(self, data: dict[str, Any]) -> str:
        return f"Tag {data['tag'].name} added."


class RemoveTag(Redraft):
    name, label, form = "remove_tag", "Remove a tag", TagForm

    def changed(self, text: Text, data: dict[str, Any]) -> Text:
        return Text(text.title, text.summary, text.body, text.category, text.tags - {data["tag"]})

    def note(self, data: dict[str, Any]) -> str:
        return f"Tag {data['tag'].name} removed."


BULKS: dict[str, Bulk] = {
    bulk.name: bulk
    for bulk in (
        SubmitAll(),
        ApproveAll(),
        PublishAll(),
        ScheduleAll(),
        TakeDownAll(),
        SetCategory(),
        AddTag(),
        RemoveTag(),
    )
}


class MovedOn(Refusal):
    """It does not stand any more as the page said on which somebody decided."""

    def __init__(self, standing: str) -> None:
        super().__init__(
            f"it changed after the page was shown ({standing}). Look at it, then decide again."
        )


def _standing(revision: Revision) -> str:
    """How an entry stands, as a person who decides on many has to know it."""
    facts = Desk(revision.entry).facts()
    return "; ".join(f"{name.lower()}: {fact}" for name, fact in facts.items())


class _Rehearsed(Exception):
    """Carries what the verb said out of the transaction, which is rolled back by it."""


def rehearse(act: Callable[[], str]) -> tuple[bool, str]:
    """Whether a verb would happen and what it would say: it is carried out and undone."""
    try:
        with transaction.atomic():
            raise _Rehearsed(act())
    except _Rehearsed as done:
        return True, str(done)
    except (Refusal, Refused) as refusal:
        return False, str(refusal)


Plan = list[tuple[Revision, bool, str]]


def _plan(bulk: Bulk, revisions: list[Revision], user: Any, data: dict[str, Any]) -> Plan:
    """What would become of each: (revision, whether it happens, what would be said)."""
    return [(row, *rehearse(partial(bulk.act, row, user, data))) for row in revisions]


class BulkActions:
    """Mixed into the ModelAdmin of an entry, whose methods it calls."""

    kind: str
    admin_site: Any
    opts: Any
    model: Any
    media: Any
    desk_url: Any
    message_user: Any

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = {
            bulk.name: (_action(bulk), bulk.name, bulk.label)
            for bulk in BULKS.values()
            if bulk.may(request, self.kind) and not (bulk.causes_only and self.kind != "cause")
        }
        if may_export(request):
            public = export_action("public", "Export what is live or scheduled")
            history = export_action("history", "Export with all revisions")
            actions |= {action[1]: action for action in (public, history)}
        return actions

    def bulk_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """The second and third step: the page of what will happen, and what then did."""
        bulk = BULKS.get(name)
        if bulk is None:
            raise Http404
        if not bulk.may(request, self.kind):
            raise PermissionDenied
        if request.method != "POST":  # whoever had to sign in again comes back by this address
            sentence = f"{bulk.label}: nothing was done. Tick the rows again and choose the action."
            self.message_user(request, sentence, messages.WARNING)
            return HttpResponseRedirect(self.desk_url("changelist"))
        wanted = [row.partition(":") for row in request.POST.getlist("row")][:MOST]
        pks = [pk for pk, _, _ in wanted if pk.isascii() and pk.isdigit() and len(pk) < 19]
        uuids = {uuid for _, _, uuid in wanted}
        rows = Revision.objects.filter(entry__in=pks, entry__kind=self.kind)
        revisions = [row for row in _with_entries(rows) if str(row.uuid) in uuids]
        form = bulk.form(request.POST)
        if not form.is_valid():
            return self._bulk_page(request, bulk, revisions, form)
        data, user = form.cleaned_data, request.user
        seen = unseal(request.POST)
        if "_do" in request.POST and seen is None:
            self.message_user(request, unsaid("these entries"), messages.WARNING)
        if "_do" not in request.POST or seen is None:
            plan = _plan(bulk, revisions, user, data)
            return self._bulk_page(request, bulk, revisions, form, plan)
        done, refused = 0, []
        for row in revisions:
            try:
                with database.writing():
                    if seen.values.get(str(row.entry_id)) != (today := _standing(row)):
                        raise MovedOn(today)
                    bulk.act(row, user, data)
                done += 1
            except (Refusal, Refused, database.ImportRunning) as refusal:
                refused.append(f"“{row.title}”: {refusal}")
        if done:
            self.message_user(request, f"{bulk.label}: done for {done}.", messages.SUCCESS)
        for sentence in refused:
            self.message_user(request, f"Not done for {sentence}", messages.WARNING)
        return HttpResponseRedirect(self.desk_url("changelist"))

    def _bulk_page(
        self,
        request: HttpRequest,
        bulk: Bulk,
        revisions: list[Revision],
        form: Any,
        plan: Plan | None = None,
    ) -> TemplateResponse:
        opts = self.opts
        kinds = opts.verbose_name if len(revisions) == 1 else opts.verbose_name_plural
        context = {
            **self.admin_site.each_context(request),
            "opts": opts,
            "media": self.media + form.media,
            "title": f"{bulk.label}: {len(revisions)} {kinds}",
            "bulk": bulk,
            "action": self.desk_url("bulk", bulk.name),
            "revisions": revisions,
            "form": form,
            "plan": plan,
            "sealed": seal({str(row.entry_id): _standing(row) for row, *_ in plan or ()}),
            "will": sum(happens for _, happens, _ in plan or ()),
        }
        return TemplateResponse(request, "admin/causes/entry/bulk.html", context)


def _action(bulk: Bulk) -> Any:
    def start(desk: Any, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        entries = list(queryset.order_by("slug").values_list("pk", flat=True)[: MOST + 1])
        if len(entries) > MOST:
            sentence = f"An action takes {MOST} entries at most: filter the list, then try again."
            desk.message_user(request, sentence, messages.ERROR)
            return None
        rows = list(_with_entries(Revision.objects.newest().filter(entry__in=entries)))
        if bulk.form is not ReasonForm:
            return desk._bulk_page(request, bulk, rows, bulk.form())
        # Nothing must be asked: what would happen is shown at once.
        plan = _plan(bulk, rows, request.user, {"reason": ""})
        return desk._bulk_page(request, bulk, rows, ReasonForm(), plan)

    start.__name__ = bulk.name
    return start


def _with_entries(rows: Any) -> Any:
    rows = rows.with_taxonomy().select_related("entry", "category__merged_into")
    return rows.order_by("entry__slug")
