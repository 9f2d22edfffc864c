"""What may happen: each verb one function, one transaction, under the one lock."""

from causes.publishing.entries import (
    create_entry,
    publish,
    record_review,
    rename,
    restore,
    save_draft,
    take_down,
)
from causes.publishing.situations import (
    NotLive,
    NotPublishable,
    SlugTaken,
    StaleDraft,
    UnsoundText,
)
from causes.publishing.taxonomy import NameTaken, merge, rename_taxon
from causes.publishing.text import Text, publishing_problems, unsound

__all__ = [
    "NameTaken",
    "NotLive",
    "NotPublishable",
    "SlugTaken",
    "StaleDraft",
    "Text",
    "UnsoundText",
    "create_entry",
    "merge",
    "publish",
    "publishing_problems",
    "record_review",
    "rename",
    "rename_taxon",
    "restore",
    "save_draft",
    "take_down",
    "unsound",
]
