"""Why a verb did not happen. Each is a sentence for the person who asked for it."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.formats import date_format

from causes import database
from causes.models import Entry, Publication, Revision

Problem = tuple[str, str]
"""A field of the text, and a sentence about it."""


def shown(moment: datetime) -> str:
    """A moment as people read it here: local time, with its zone."""
    local = timezone.localtime(moment)
    return f"{date_format(local, 'j F Y, H:i')} {local.tzname()}"


class Refusal(Exception):
    """The base of all situations in which a verb writes nothing."""

    field = ""
    """The argument of the verb that is to blame, which forms have as a field. Empty: none."""


class NotPermitted(Refusal, PermissionDenied):
    """The person may not do this. Where nobody catches it, Django answers 403."""


class ImportRunning(Refusal, database.ImportRunning):
    """An import has the turn: nothing else is written until it ends."""


class FourEyes(Refusal):
    """Another pair of eyes is needed: see the setting FOUR_EYES."""


class UnsoundText(Refusal):
    """The text cannot be stored, not even as a draft."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(sentence for _, sentence in problems))
        self.problems = problems


class StaleDraft(Refusal):
    """Somebody saved meanwhile: the text in hand started from an older revision."""

    def __init__(self, newest: Revision, base: Revision | None) -> None:
        who = newest.author.get_username() if newest.author else "somebody"
        super().__init__(
            f"{who} saved revision {newest.number} on {shown(newest.created_at)}, "
            "while you were editing."
        )
        self.newest, self.base = newest, base


class Superseded(Refusal):
    """What was to be decided on is not the newest text any more."""

    def __init__(self, revision: Revision, newest: int) -> None:
        super().__init__(
            f"Revision {newest} was saved since you looked at revision {revision.number}: "
            "read that one, then decide again."
        )


class WrongStep(Refusal):
    """The text does not stand where this verb begins."""

    def __init__(self, wanted: str, step: Entry.Step) -> None:
        super().__init__(f"{wanted} This one is: {step.label.lower()}.")
        self.step = step


class ReasonNeeded(Refusal):
    def __init__(self) -> None:
        super().__init__("Say why, for those who read it later: a reason is needed here.")


class NotPublishable(Refusal):
    """The text is fine as a draft, but readers cannot be shown it yet."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(sentence for _, sentence in problems))
        self.problems = problems


class NotLive(Refusal):
    def __init__(self, entry: Entry) -> None:
        super().__init__(f"{entry.slug!r} is not public, so there is nothing to take down.")


class ScheduledAhead(Refusal):
    """Taking down would cancel what is scheduled: that must be meant."""

    field = "cancel_scheduled"

    def __init__(self, spans: list[Publication]) -> None:
        listed = ", ".join(
            f"revision {span.revision.number} on {shown(span.live_from)}" for span in spans
        )
        super().__init__(f"Scheduled is {listed}. Taking down cancels it: say that you mean it.")
        self.spans = spans


class AlreadyPublic(Refusal):
    """Said by the desk, where asking for what is so already is a mistake."""

    def __init__(self, revision: Revision) -> None:
        super().__init__(f"Revision {revision.number} is public already: nothing was changed.")


class AlreadyScheduled(Refusal):
    def __init__(self, what: str) -> None:
        super().__init__(f"{what} Cancel that first, then schedule anew.")


class NothingScheduled(Refusal):
    def __init__(self, entry: Entry) -> None:
        super().__init__(f"Nothing is scheduled for {entry.slug!r}, so nothing was cancelled.")


class WrongMoment(Refusal):
    """A moment to publish or to take down that cannot be; `field` says which."""

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
            f"{entry.slug!r} was public or is scheduled, and what readers may have seen is never "
            "deleted: take it down instead."
        )


class SlugTaken(Refusal):
    """The slug is malformed, reserved, or another entry's."""

    field = "slug"
