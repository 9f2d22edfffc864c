"""State and step of entries: derived from publications and events, and stored nowhere.

The *state* says whether the public can read an entry. The *step* says how far its newest
revision is on its way to the public. Both follow from the few facts in `Facts`, by one table
each, which serves for a row in hand and for a filter in the database.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from django.db.models import Exists, OuterRef, Subquery, TextChoices, Value
from django.db.models.functions import Coalesce, NullIf

from causes.clock import now
from causes.models import Entry, Event, Publication, Revision
from causes.queries.prepared import Prepared


class State(TextChoices):
    """Whether the public can read an entry."""

    DRAFT = "draft", "Draft"
    SCHEDULED = "scheduled", "Scheduled"
    LIVE = "live", "Live"
    LIVE_WITH_DRAFT = "live-with-draft", "Live with newer draft"
    TAKEN_DOWN = "taken-down", "Taken down"


class Step(TextChoices):
    """How far the newest revision of an entry is on its way to the public."""

    DRAFT = "draft", "Draft"
    SUBMITTED = "submitted", "Waiting for approval"
    SENT_BACK = "sent-back", "Sent back"
    APPROVED = "approved", "Approved"
    OUT = "out", "Public or scheduled"


_Facts = Mapping[str, bool | str]

_STATES: dict[State, _Facts] = {
    State.LIVE: {"is_live": True, "newest_is_live": True},
    State.LIVE_WITH_DRAFT: {"is_live": True, "newest_is_live": False},
    State.SCHEDULED: {"is_live": False, "is_scheduled": True},
    State.TAKEN_DOWN: {"is_live": False, "is_scheduled": False, "was_public": True},
    State.DRAFT: {"was_public": False},
}
_STEPS: dict[Step, _Facts] = {
    Step.OUT: {"newest_is_out": True},
    Step.SUBMITTED: {"newest_is_out": False, "last_step": Event.Verb.SUBMIT},
    Step.SENT_BACK: {"newest_is_out": False, "last_step": Event.Verb.SEND_BACK},
    Step.APPROVED: {"newest_is_out": False, "last_step": Event.Verb.APPROVE},
    Step.DRAFT: {"newest_is_out": False, "last_step": ""},
}
"""Each state and step with the facts that make it so. Exactly one of each table applies."""

_Name = TypeVar("_Name", State, Step)


class Facts(NamedTuple):
    """The facts about an entry from which its state and step follow."""

    is_live: bool
    is_scheduled: bool
    was_public: bool
    """Whether it has a publication at all, past, live or scheduled."""
    newest_is_live: bool
    newest_is_out: bool
    """Whether the newest revision is live or scheduled."""
    last_step: str
    """The last of the verbs submit, send-back and approve on the newest revision.

    Empty if there is none, or if the revision was taken down since.
    """

    @property
    def state(self) -> State:
        return self._first(_STATES)

    @property
    def step(self) -> Step:
        return self._first(_STEPS)

    def _first(self, table: dict[_Name, _Facts]) -> _Name:
        held = self._asdict().items()
        return next(name for name, facts in table.items() if facts.items() <= held)


def with_facts(entries: Any, at: datetime | None = None) -> Any:
    """The queryset with the columns of `Facts` for each entry, at a moment (default: now)."""
    own = Publication.objects.filter(entry=OuterRef("pk"))
    live, ahead = own.live(at), own.upcoming(at)
    newest = {"revision__number": OuterRef("last_number")}
    text = Revision.objects.filter(entry=OuterRef("entry"), number=OuterRef("entry__last_number"))
    steps = Event.objects.filter(
        entry=OuterRef("pk"), verb__in=Event.STEPS, revision_uuid__in=text.values("uuid")
    )
    last = Subquery(steps.order_by("-pk").values("verb")[:1])
    return entries.annotate(
        is_live=Exists(live),
        is_scheduled=Exists(ahead),
        was_public=Exists(own),
        newest_is_live=Exists(live.filter(**newest)),
        newest_is_out=Exists(own.open_or_upcoming(at).filter(**newest)),
        # Taking a text down makes it a draft again.
        last_step=Coalesce(NullIf(last, Value(Event.Verb.TAKE_DOWN)), Value("")),
    )


def in_state(state: State | str, at: datetime | None = None) -> Any:
    """The entries in a state. Raises ValueError for an unknown state."""
    return with_facts(Entry.objects.all(), at).filter(**_STATES[State(state)])


def at_step(step: Step | str, at: datetime | None = None) -> Any:
    """The entries whose newest revision is at a step. Raises ValueError for an unknown step."""
    return with_facts(Entry.objects.all(), at).filter(**_STEPS[Step(step)])


@Prepared
def _facts(at: datetime, entry: int) -> Any:
    return with_facts(Entry.objects.filter(pk=entry), at).values_list(*Facts._fields)


def facts_of(entry: Any) -> Facts:
    """The facts about an entry: those that `with_facts` read with it, or else those of now.

    Raises Entry.DoesNotExist.
    """
    if hasattr(entry, "last_step"):
        return Facts(*(getattr(entry, name) for name in Facts._fields))
    for row in _facts(at=now(), entry=entry.pk):
        return Facts(*row)
    raise Entry.DoesNotExist


def state_of(entry: Any) -> State:
    """The state of an entry. See `facts_of`."""
    return facts_of(entry).state


def step_of(entry: Any) -> Step:
    """The step of an entry's newest revision. See `facts_of`."""
    return facts_of(entry).step
