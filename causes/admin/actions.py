"""Actions on many entries: a page shows the effect on each, then they are carried out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from causes import database, publishing
from causes.admin.base import EntryPages
from causes.admin.exports import export_action, may_export
from causes.admin.moments import MomentField
from causes.admin.request import person_of
from causes.admin.seen import Seen, seal, unsaid, unseal
from causes.admin.status import EntryStatus
from causes.admin.verbs.spans import publish_now
from causes.admin.wording import counted
from causes.models import Category, Revision, Tag
from causes.models.event import REASON_LIMIT
from causes.models.guards import Refused
from causes.models.texts import TextFormField
from causes.publishing import Refusal, Text, shown
from causes.publishing.verb import User
from causes.text.numbers import whole_number

MOST = 200
"""The most entries that one action takes."""

Data = dict[str, Any]
"""The cleaned data of an action's form."""

Act = Callable[[Revision, User, Data], str]
"""Carries an action out for one revision and returns the result in words. Raises a Refusal."""


@dataclass(frozen=True)
class Action:
    """One action on many entries: who may do it, its form, and its effect on one entry."""

    name: str
    label: str
    act: Act
    form: type[forms.Form]
    permission: str
    """The X of `has_X_permission` of the ModelAdmin."""

    causes_only: bool = False


# Forms ---------------------------------------------------------------------------------------


class ReasonForm(forms.Form):
    """The form of an action that needs nothing but an optional reason."""

    reason = TextFormField(
        required=False,
        max_length=REASON_LIMIT,
        help_text="For the event log. All of these entries get the same reason.",
    )


class ScheduleForm(ReasonForm):
    """Times for all of the entries: at least one is needed."""

    publish_at = MomentField(required=False)
    take_down_at = MomentField(required=False)
    field_order = ("publish_at", "take_down_at", "reason")


class TakeDownForm(ReasonForm):
    """Whether schedules are cancelled, too."""

    cancel_scheduled = forms.BooleanField(required=False, label="Also cancel the schedule")
    field_order = ("cancel_scheduled", "reason")


class CategoryForm(forms.Form):
    """The category for all of the entries."""

    category = forms.ModelChoiceField(Category.objects.current())


class TagForm(forms.Form):
    """The tag to add to all of the entries, or to remove from them."""

    tag = forms.ModelChoiceField(Tag.objects.current())


# The effect of each on one entry --------------------------------------------------------------


def _submit(revision: Revision, by: User, data: Data) -> str:
    publishing.submit(revision, by=by, **data)
    return "submitted for approval"


def _approve(revision: Revision, by: User, data: Data) -> str:
    publishing.approve(revision, by=by, **data)
    return "approved"


def _publish(revision: Revision, by: User, data: Data) -> str:
    made = publish_now(revision, by, **data)
    return f"public until {shown(made.live_until)}" if made.live_until else "public"


def _schedule(revision: Revision, by: User, data: Data) -> str:
    span = publishing.schedule(revision, by=by, **data)
    parts = [f"public from {shown(span.live_from)}"] if data["publish_at"] else []
    parts += [f"taken down on {shown(span.live_until)}"] if span.live_until else []
    return ", ".join(parts)


def _take_down(revision: Revision, by: User, data: Data) -> str:
    publishing.take_down(revision.entry, by=by, **data)
    return "taken down"


class NothingNew(Refusal):
    """The text is already as the action would make it."""


def _redraft(change: Callable[[Text, Data], Text], note: str) -> Act:
    """An action that saves one more draft of each entry, with this change and this note."""

    def act(revision: Revision, by: User, data: Data) -> str:
        before = Text.of(revision)
        after = change(before, data)
        if before == after:
            raise NothingNew("This is already the case, so there is nothing to save.")
        said = note.format(**data)
        saved = publishing.save_draft(revision.entry, after, by=by, base=revision.uuid, note=said)
        return f"saved as draft {saved.number}: {said}"

    return act


_set_category = _redraft(
    lambda text, data: replace(text, category=data["category"]), "Category set to {category.name}."
)
_add_tag = _redraft(
    lambda text, data: replace(text, tags=text.tags | {data["tag"]}), "Tag {tag.name} added."
)
_remove_tag = _redraft(
    lambda text, data: replace(text, tags=text.tags - {data["tag"]}), "Tag {tag.name} removed."
)

ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        Action("submit", "Submit for approval", _submit, ReasonForm, "submit"),
        Action("approve", "Approve", _approve, ReasonForm, "approve"),
        Action("publish", "Publish now", _publish, ReasonForm, "publish"),
        Action("schedule", "Schedule", _schedule, ScheduleForm, "publish"),
        Action("take_down", "Take down", _take_down, TakeDownForm, "publish"),
        Action("set_category", "Set the category", _set_category, CategoryForm, "change", True),
        Action("add_tag", "Add a tag", _add_tag, TagForm, "change"),
        Action("remove_tag", "Remove a tag", _remove_tag, TagForm, "change"),
    )
}


# Tried out, then carried out -----------------------------------------------------------------


class ChangedAfterShown(Refusal):
    """The entry is no longer as the page showed it on which somebody decided."""

    def __init__(self, facts: str) -> None:
        super().__init__(
            f"it changed after this page was shown ({facts}). Check it, then decide again."
        )


class Planned(NamedTuple):
    """The effect that an action would have on one entry."""

    revision: Revision
    happens: bool
    sentence: str
    """The result in words, or why it would be refused."""


class _TriedOut(Exception):
    """Carries the result of an action out of the transaction, which it rolls back."""


def try_out(act: Callable[[], str]) -> tuple[bool, str]:
    """Whether an action would happen, and its result or its refusal: it is carried out and undone.

    A trial is the only answer that cannot differ from the action itself.
    """
    try:
        with transaction.atomic():
            raise _TriedOut(act())
    except _TriedOut as done:
        return True, str(done)
    except (Refusal, Refused) as refusal:
        return False, str(refusal)


def _plan(action: Action, rows: Iterable[Revision], by: User, data: Data) -> list[Planned]:
    return [Planned(row, *try_out(partial(action.act, row, by, data))) for row in rows]


def _facts_of(revision: Revision) -> str:
    """The status of an entry as a decision about many entries needs it."""
    facts = EntryStatus(revision.entry).facts()
    return "; ".join(f"{name.lower()}: {fact}" for name, fact in facts.items())


def _by_slug(rows: Any) -> QuerySet[Revision]:
    """Revisions in the order of the list, with all that `_plan` and `_facts_of` need of them."""
    rows = rows.with_taxonomy().select_related("entry", "category__merged_into")
    found: QuerySet[Revision] = rows.order_by("entry__slug")
    return found


class ActionViews(EntryPages):
    """Mixed into the ModelAdmin of an entry."""

    def has_submit_permission(self, request: HttpRequest) -> bool:
        """For `Action.permission`, as are the next three."""
        return request.user.has_perm("causes.submit_entry")

    def has_approve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("causes.approve_entry")

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("causes.publish_entry")

    def has_export_permission(self, request: HttpRequest) -> bool:
        return may_export(request)

    def action_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """The page with the effect of an action on each entry, and then the action."""
        action = ACTIONS.get(name)
        if action is None:
            raise Http404
        if not getattr(self, f"has_{action.permission}_permission")(request):
            raise PermissionDenied
        if request.method != "POST":  # people who had to sign in again arrive like this
            sentence = f"{action.label}: nothing was done. Tick the rows and choose it again."
            return self.go_to(request, self.desk_url("changelist"), sentence, messages.WARNING)
        rows, form = self._ticked(request), action.form(request.POST)
        if not form.is_valid():
            return self.action_page(request, action, rows, form)
        confirmed = "_do" in request.POST
        seen = unseal(request.POST) if confirmed else None
        if seen is not None:
            return self._carry_out(request, action, rows, form.cleaned_data, seen)
        if confirmed:
            self.message_user(request, unsaid("these entries"), messages.WARNING)
        plan = _plan(action, rows, person_of(request), form.cleaned_data)
        return self.action_page(request, action, rows, form, plan)

    def _ticked(self, request: HttpRequest) -> list[Revision]:
        """The revisions that the page listed. Some may not be the newest any more."""
        wanted = [row.partition(":") for row in request.POST.getlist("row")][:MOST]
        pks = [pk for pk in (whole_number(row[0]) for row in wanted) if pk is not None]
        uuids = {uuid for _, _, uuid in wanted}
        rows = Revision.objects.filter(entry__in=pks, entry__kind=self.kind)
        return [row for row in _by_slug(rows) if str(row.uuid) in uuids]

    def _carry_out(
        self, request: HttpRequest, action: Action, rows: list[Revision], data: Data, seen: Seen
    ) -> HttpResponse:
        done, refused = 0, []
        for row in rows:
            try:
                with publishing.read_ahead(row), database.writing():
                    if seen.values.get(str(row.entry_id)) != (facts := _facts_of(row)):
                        raise ChangedAfterShown(facts)
                    action.act(row, person_of(request), data)
                done += 1
            except database.Busy as busy:
                refused.append(f"Not done for “{row.title}” and those after it: {busy}")
                break  # each of them would wait again
            except (Refusal, Refused) as refusal:
                refused.append(f"Not done for “{row.title}”: {refusal}")
        if done:
            sentence = f"{action.label}: done for {counted(done, self.kind)}."
            self.message_user(request, sentence, messages.SUCCESS)
        for sentence in refused:
            self.message_user(request, sentence, messages.WARNING)
        return HttpResponseRedirect(self.desk_url("changelist"))

    def action_page(
        self,
        request: HttpRequest,
        action: Action,
        rows: list[Revision],
        form: forms.Form,
        plan: list[Planned] | None = None,
    ) -> TemplateResponse:
        """The page with the action's form, and with the plan once there is one."""
        context = {
            "media": self.media + form.media,
            "action": action,
            "action_url": self.desk_url("action", action.name),
            "revisions": rows,
            "form": form,
            "plan": plan,
            "sealed": seal({str(row.entry_id): _facts_of(row) for row, *_ in plan or ()}),
            "will": sum(planned.happens for planned in plan or ()),
        }
        title = f"{action.label}: {counted(len(rows), self.kind)}"
        return self.desk_page(request, "entry/action.html", title, context)


def _as_django_calls_it(action: Action) -> Callable[..., HttpResponse | None]:
    """The action for `ModelAdmin.actions`: it shows the page of those that are ticked."""

    @admin.action(description=action.label, permissions=[action.permission])
    def start(
        desk: ActionViews, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        entries = list(queryset.order_by("slug").values_list("pk", flat=True)[: MOST + 1])
        if len(entries) > MOST:
            sentence = f"An action takes at most {MOST} entries: filter the list, then try again."
            desk.message_user(request, sentence, messages.ERROR)
            return None
        rows = list(_by_slug(Revision.objects.newest().filter(entry__in=entries)))
        if action.form is not ReasonForm:
            return desk.action_page(request, action, rows, action.form())
        # Only a reason may be added, so the plan is shown at once.
        plan = _plan(action, rows, person_of(request), {"reason": ""})
        return desk.action_page(request, action, rows, ReasonForm(), plan)

    start.__name__ = action.name
    return start


def actions_for(kind: str) -> list[Callable[..., Any]]:
    """The actions on the list of causes or of pages, each offered to those who may do it."""
    offered = [act for act in ACTIONS.values() if kind == "cause" or not act.causes_only]
    return [
        *map(_as_django_calls_it, offered),
        export_action("public", "Export live and scheduled revisions"),
        export_action("history", "Export all revisions"),
    ]
