"""The status of one entry, as the pages and buttons about it need it."""

from typing import Any

from django.urls import reverse

from causes.clock import now
from causes.models import Entry, Publication
from causes.publishing import shown
from causes.states import State, Step, state_of, step_of, with_facts
from causes.timeline import Timeline


class EntryStatus:
    """State, step and current publications of an entry, read in two queries."""

    def __init__(self, entry: Entry) -> None:
        row: Any = with_facts(Entry.objects.filter(pk=entry.pk)).get()
        self.row = row
        self.state, self.step = state_of(row), step_of(row)
        self.is_live: bool = row.is_live
        self.is_scheduled: bool = row.is_scheduled
        self.newest_is_live: bool = row.newest_is_live
        spans = Publication.objects.filter(entry=entry).open_or_upcoming()
        self.spans: list[Publication] = list(spans.select_related("revision").order_by("live_from"))

    @property
    def live(self) -> Publication | None:
        """The publication that readers see now."""
        return self.spans[0] if self.is_live and self.spans else None

    @property
    def ahead(self) -> list[Publication]:
        """The publications that are scheduled, earliest first."""
        return self.spans[1:] if self.is_live else self.spans

    @property
    def ends(self) -> bool:
        """Whether a person set the end of the live publication."""
        live = Timeline(row.span for row in self.spans).live(now())
        return live is not None and live.ends_by_decision

    def facts(self) -> dict[str, str]:
        """The facts that a person may base a decision on, by label, in words."""
        live = self.live
        until = f", until {shown(live.live_until)}" if live and live.live_until else ""
        ahead = [
            f"revision {span.revision.number} from {shown(span.live_from)}"
            + (f" until {shown(span.live_until)}" if span.live_until else "")
            for span in self.ahead
        ]
        return {
            "Address": self.row.get_absolute_url(),
            "Newest text": f"revision {self.row.last_number}, {self.step.label.lower()}",
            "Public now": f"revision {live.revision.number}{until}" if live else "nothing",
            "Scheduled": "; ".join(ahead) or "nothing",
        }


def badges(row: Any) -> list[Any]:
    """The state, and the step if it adds something, of an entry that was read `with_facts`."""
    state, step = state_of(row), step_of(row)
    quiet = step in (Step.DRAFT, Step.OUT)
    found: list[Any] = [state] if quiet else [state, step]
    if row.is_live and row.is_scheduled:
        found.append(State.SCHEDULED)
    return found


def entry_url(entry: Entry, page: str = "change", *args: Any) -> str:
    """The address of a page at the desk about this entry."""
    return reverse(f"admin:causes_{entry.kind}_{page}", args=[entry.pk, *args])
