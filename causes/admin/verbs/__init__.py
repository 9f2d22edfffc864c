"""The pages of the verbs, each beside the module of causes/publishing/ that carries it out."""

from causes.admin.verbs.approval import Approve, SendBack, Submit
from causes.admin.verbs.entries import Copy, Delete, Rename
from causes.admin.verbs.page import Desk, VerbPage, VerbViews
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

__all__ = ["VERBS", "Desk", "VerbPage", "VerbViews"]
