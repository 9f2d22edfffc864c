"""Reasons why a verb did nothing. Each is a sentence for the person who tried."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.formats import date_format

from causes import database
from causes.models import Entry, Publication, Revision
from causes.states import Step

Problem = tuple[str, str]
"""A field of the text, and a sentence about it."""


def shown(moment: datetime) -> str:
    """A moment as people read it: local time, with its zone."""
    local = timezone.localtime(moment)
    return f"{date_format(local, 'j F Y, H:i')} {local.tzname()}"


class Refusal(Exception):
    """The base of all situations in which a verb writes nothing."""

    field = ""
    """The argument of the verb that is to blame, which forms have as a field. Empty: none."""


class NotPermitted(Refusal, PermissionDenied):
    """The person may not do this. If nothing catches it, Django answers 403."""


class ImportRunning(Refusal, database.ImportRunning):
    """An import is running: nothing else is written until it ends."""


class SomebodySaving(Refusal, database.SomebodySaving):
    """Somebody else holds the write lock, and this did not wait for it any longer."""


def refusal_of(busy: database.Busy) -> Refusal:
    """The same situation as a refusal."""
    if isinstance(busy, Refusal):
        return busy
    return ImportRunning() if isinstance(busy, database.ImportRunning) else SomebodySaving()


class FourEyes(Refusal):
    """Somebody else must approve the text first: see the setting FOUR_EYES."""


class UnsoundText(Refusal):
    """The text cannot be stored, not even as a draft."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(sentence for _, sentence in problems))
        self.problems = problems


class StaleDraft(Refusal):
    """Somebody else saved in the meantime: this text started from an older revision."""

    def __init__(self, newest: Revision, base: Revision | None) -> None:
        who = newest.author.get_username() if newest.author else "somebody"
        super().__init__(
            f"{who} saved revision {newest.number} on {shown(newest.created_at)}, "
            "while you were editing."
        )
        self.newest, self.base = newest, base


class Superseded(Refusal):
    """The text to be decided on is no longer the newest one."""

    def __init__(self, revision: Revision, newest: int) -> None:
        super().__init__(
            f"Revision {newest} was saved after you opened revision {revision.number}: "
            "read it, then decide again."
        )


class WrongStep(Refusal):
    """The verb is not possible at the step that the text has reached."""

    def __init__(self, wanted: str, step: Step) -> None:
        super().__init__(f"{wanted} This one is: {step.label.lower()}.")
        self.step = step


class ReasonNeeded(Refusal):
    def __init__(self) -> None:
        super().__init__("Give a reason: your colleagues will read it in the event log.")


class NotPublishable(Refusal):
    """The text is fine as a draft, but cannot be shown to readers yet."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(sentence for _, sentence in problems))
        self.problems = problems


class NotLive(Refusal):
    def __init__(self, entry: Entry) -> None:
        super().__init__(f"{entry.slug!r} is not public, so there is nothing to take down.")


class ScheduledAhead(Refusal):
    """Taking down would also cancel the schedule: the caller must say that this is meant."""

    field = "cancel_scheduled"

    def __init__(self, spans: list[Publication]) -> None:
        listed = ", ".join(
            f"revision {span.revision.number} on {shown(span.live_from)}" for span in spans
        )
        super().__init__(
            f"Taking down also cancels the schedule ({listed}): confirm that you want this."
        )
        self.spans = spans


class AlreadyPublic(Refusal):
    """Raised by the desk, where publishing a text that is public already is a mistake."""

    def __init__(self, revision: Revision) -> None:
        super().__init__(f"Revision {revision.number} is public already: nothing was changed.")


class AlreadyScheduled(Refusal):
    def __init__(self, what: str) -> None:
        super().__init__(f"{what} Cancel that first, then schedule again.")


class NothingScheduled(Refusal):
    def __init__(self, entry: Entry) -> None:
        super().__init__(f"Nothing is scheduled for {entry.slug!r}, so nothing was cancelled.")


class WrongMoment(Refusal):
    """A moment at which nothing can be published or taken down; `field` names its form field."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class Withheld(Refusal):
    def __init__(self, revision: Revision) -> None:
        super().__init__(
            f"Revision {revision.number} was withheld: its text is gone for good, and nothing "
            "can be done with it."
        )


class EverPublic(Refusal):
    def __init__(self, entry: Entry) -> None:
        super().__init__(
            f"{entry.slug!r} was public or is scheduled, and pages that readers may have seen are "
            "never deleted: take it down instead."
        )


class SlugTaken(Refusal):
    """The slug is malformed, reserved, or another entry's."""

    field = "slug"
