"""The outcomes that an import has for one thing, and the permissions of the importer."""

from dataclasses import dataclass

from django.conf import settings

from causes.publishing.verb import User

CREATED, CHANGED, UNCHANGED = "created", "changed", "unchanged"
CONFLICT, REFUSED, KEPT, DRAFT = "conflict", "refused", "kept", "draft"
TAKEN_DOWN = "taken down"

OUTCOMES = {
    CREATED: "Created",
    CHANGED: "Changed",
    DRAFT: "Imported as a draft",
    TAKEN_DOWN: "Taken down",
    CONFLICT: "In conflict",
    REFUSED: "Refused",
    KEPT: "Kept as it was",
    UNCHANGED: "Unchanged",
}
"""The label of each outcome, in the order of a report."""

WRITTEN = frozenset((CREATED, CHANGED, DRAFT, TAKEN_DOWN))

ON_CONFLICT = ("refuse", "theirs", "ours", "draft")


@dataclass(frozen=True)
class May:
    """The permissions of the person who imports; the command line may do everything."""

    permissions: frozenset[str] | None = None
    four_eyes: bool = False

    def do(self, permission: str) -> bool:
        return self.permissions is None or permission in self.permissions

    @property
    def publish(self) -> bool:
        return self.do("publish_entry") and (self.permissions is None or not self.four_eyes)

    @property
    def own_times(self) -> bool:
        """Whether publications may lie in the past, as nobody at the desk can say."""
        return self.permissions is None

    @property
    def review(self) -> bool:
        """Whether a file may record clinical reviews."""
        return self.permissions is None


def may_of(by: User) -> May:
    """The permissions that this person has at the desk; nobody is the command line."""
    if by is None:
        return May()
    names = (name.removeprefix("causes.") for name in by.get_all_permissions())
    return May(frozenset(names), four_eyes=settings.FOUR_EYES)


def repr_of(may: May) -> list[str] | None:
    """The permissions as a plan stores them, to see later whether they have changed."""
    if may.permissions is None:
        return None
    return [*sorted(may.permissions), f"four eyes: {may.four_eyes}"]
