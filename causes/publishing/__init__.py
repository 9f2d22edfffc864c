"""What may happen: each verb one function, one transaction, under the one lock."""

from causes.publishing.approval import approve, send_back, submit
from causes.publishing.entries import (
    copy_entry,
    create_entry,
    delete_entry,
    rename,
    restore,
    save_draft,
)
from causes.publishing.previews import NoSuchLink, revoke_preview, share_preview
from causes.publishing.records import delete_record, save_record
from causes.publishing.reviews import record_review
from causes.publishing.situations import (
    AlreadyScheduled,
    EverPublic,
    FourEyes,
    NothingScheduled,
    NotLive,
    NotPermitted,
    NotPublishable,
    ReasonNeeded,
    Refusal,
    ScheduledAhead,
    SlugTaken,
    StaleDraft,
    Superseded,
    UnsoundText,
    Withheld,
    WrongMoment,
    WrongStep,
    shown,
)
from causes.publishing.spans import cancel_schedule, publish, schedule, take_down, withhold
from causes.publishing.taxonomy import NameTaken, merge, rename_taxon
from causes.publishing.text import Text, publishing_problems, unsound

__all__ = [
    "AlreadyScheduled",
    "EverPublic",
    "FourEyes",
    "NameTaken",
    "NoSuchLink",
    "NotLive",
    "NotPermitted",
    "NotPublishable",
    "NothingScheduled",
    "ReasonNeeded",
    "Refusal",
    "ScheduledAhead",
    "SlugTaken",
    "StaleDraft",
    "Superseded",
    "Text",
    "UnsoundText",
    "Withheld",
    "WrongMoment",
    "WrongStep",
    "approve",
    "cancel_schedule",
    "copy_entry",
    "create_entry",
    "delete_entry",
    "delete_record",
    "merge",
    "publish",
    "publishing_problems",
    "record_review",
    "rename",
    "rename_taxon",
    "restore",
    "revoke_preview",
    "save_draft",
    "save_record",
    "schedule",
    "send_back",
    "share_preview",
    "shown",
    "submit",
    "take_down",
    "unsound",
    "withhold",
]
