"""The pages of the verbs, in modules named like those of causes/publishing/."""

from causes.admin.verbs.approval import Approve, SendBack, Submit
from causes.admin.verbs.entries import Copy, Delete, Rename
from causes.admin.verbs.page import VerbPage
from causes.admin.verbs.previews import Share
from causes.admin.verbs.reviews import RecordReview
from causes.admin.verbs.spans import CancelSchedule, Publish, Schedule, TakeDown, Withhold

VERBS: tuple[VerbPage, ...] = (
    Submit(),
    Approve(),
    SendBack(),
    Publish(),
    Schedule(),
    CancelSchedule(),
    RecordReview(),
    Share(),
    Copy(),
    Rename(),
    TakeDown(),
    Withhold(),
    Delete(),
)

__all__ = ["VERBS"]
