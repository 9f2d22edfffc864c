"""What a check finds."""

from typing import NamedTuple


class Finding(NamedTuple):
    """One thing that breaks a promise."""

    what: str
    """The thing by its name, such as `cause polio, revision 3`."""
    wrong: str
    advice: str
    repair: str = ""
    """Which repair mends it, if it is derived: a key of REPAIRS."""
    key: int = 0
    """The row that the repair writes again."""
    remark: bool = False
    """Whether it may be so for a good reason."""

    def __str__(self) -> str:
        return f"{self.what}: {self.wrong} {self.advice}"


DERIVED = "It is derived: run check_content --repair."
