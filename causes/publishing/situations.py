"""Why a verb did not happen. Each is a sentence for the person who asked for it."""

from causes.models import Entry, Revision

Problem = tuple[str, str]
"""A field of the text, and a sentence about it."""


class Refusal(Exception):
    """The base of all situations in which a verb writes nothing."""


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
            f"{who} saved revision {newest.number} at "
            f"{newest.created_at:%H:%M on %d %B %Y} UTC, while you were editing."
        )
        self.newest, self.base = newest, base


class NotPublishable(Refusal):
    """The text is fine as a draft, but readers cannot be shown it yet."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(sentence for _, sentence in problems))
        self.problems = problems


class NotLive(Refusal):
    def __init__(self, entry: Entry) -> None:
        super().__init__(f"{entry.slug!r} is not public, so there is nothing to take down.")


class SlugTaken(Refusal):
    """The slug is malformed, reserved, or another entry's."""
