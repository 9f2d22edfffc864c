"""What can become of a thing in a file, and what somebody may do through one."""

from dataclasses import dataclass

CREATED, CHANGED, UNCHANGED = "created", "changed", "unchanged"
CONFLICT, REFUSED, KEPT, DRAFT = "conflict", "refused", "kept", "draft"
TAKEN_DOWN = "taken down"

OUTCOMES = {
    CREATED: "Created",
    CHANGED: "Changed",
    DRAFT: "Brought in as a draft",
    TAKEN_DOWN: "Taken down",
    CONFLICT: "In conflict",
    REFUSED: "Refused",
    KEPT: "Kept as it is here",
    UNCHANGED: "Unchanged",
}
"""In the order in which people want to see them."""

WRITTEN = frozenset((CREATED, CHANGED, DRAFT, TAKEN_DOWN))

ON_CONFLICT = ("refuse", "theirs", "ours", "draft")


@dataclass(frozen=True)
class May:
    """What the person who imports may do; the command line may do everything."""

    permissions: frozenset[str] | None = None
    four_eyes: bool = False

    def do(self, permission: str) -> bool:
        return self.permissions is None or permission in self.permissions

    @property
    def publish(self) -> bool:
        return self.do("publish_entry") and (self.permissions is None or not self.four_eyes)

    @property
    def own_times(self) -> bool:
        """Whether a file may say that something was public in the past: the desk cannot either."""
        return self.permissions is None

    @property
    def review(self) -> bool:
        """A file's word for a review counts only from the command line."""
        return self.permissions is None
