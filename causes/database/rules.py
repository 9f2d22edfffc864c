"""What both engines hold: the tables that show, and the refusals that read the same in SQL."""

from collections.abc import Iterator
from typing import NamedTuple

PUBLIC_TABLES = {
    "causes_entry": "slug kind created_at last_number",
    "causes_redirect": "slug entry_id",
    "causes_revision": "title summary body category_id plain sought",
    "causes_taggedrevision": "revision_id tag_id",
    "causes_publication": "entry_id revision_id live_from live_until",
    "causes_review": "revision_id reviewer qualification reviewed_on due_on",
    "causes_category": "name slug description position merged_into_id",
    "causes_tag": "name slug merged_into_id",
    "causes_source": "key kind authors title published_in year doi pmid pmcid url checked_on"
    " withdrawn_on withdrawn_reason",
    "causes_citation": "revision_id source_key",
}
"""Each table that a visitor sees something of, with the columns that show."""

_TEXT = "uuid entry_id number based_on predecessors title summary body category_id tag_count note"
_TEXT += " created_at withheld_at"
# The one exception, by its name: the verb `withhold` blanks a text for good.
_KEPT = "uuid entry_id number based_on predecessors category_id tag_count created_at"
_EVENT = "uuid at verb subject revision_uuid from_state reason details actor_id by_import_id"

FIXED_TEXT = "a stored text never changes: save a new revision"
FIXED_TAGS = "the tags of a stored text never change: save a new revision"

INSERT, UPDATE = "INSERT", "UPDATE"


class Refusal(NamedTuple):
    """A trigger that refuses a row: before these events on this table, if the condition holds."""

    name: str
    events: tuple[str, ...]
    table: str
    condition: str
    sentence: str


def differs(columns: str, different: str) -> str:
    """SQL for: one of these columns changes. `different` is the engine's null-safe `<>`."""
    return " OR ".join(f"OLD.{column} {different} NEW.{column}" for column in columns.split())


def _withhold(different: str) -> str:
    return (
        "OLD.withheld_at IS NULL AND NEW.withheld_at IS NOT NULL AND NEW.title = 'Withheld'"
        " AND NEW.summary = '' AND NEW.body = '' AND NEW.note = ''"
        f" AND NOT ({differs(_KEPT, different)})"
    )


def public_or_to_come(now: str) -> str:
    """Whether the revision `{text}` is in a span that has not ended: what the search index holds.

    A text whose end was planned stays in it for longer, so that search asks what is live.
    """
    return f"""EXISTS (SELECT 1 FROM causes_publication span WHERE span.revision_id = {{text}}
        AND (span.live_until IS NULL OR span.live_until > {now}))"""


def withheld_public(now: str) -> str:
    """SQL for: the span would show a withheld text, at or after the engine's `now`."""
    return (
        f"(NEW.live_until IS NULL OR NEW.live_until > {now}) AND EXISTS (SELECT 1 FROM"
        " causes_revision WHERE id = NEW.revision_id AND withheld_at IS NOT NULL)"
    )


WITHHELD = "a text that was withheld cannot be public"


def refusals(different: str) -> Iterator[Refusal]:
    """The refusals whose SQL both engines read."""
    one, both = (UPDATE,), (INSERT, UPDATE)
    yield Refusal(
        "revision_fixed",
        one,
        "causes_revision",
        f"({differs(_TEXT, different)}) AND NOT ({_withhold(different)})",
        FIXED_TEXT,
    )
    yield Refusal(
        "revision_withheld",
        one,
        "causes_revision",
        "OLD.withheld_at IS NOT NULL AND (NEW.plain <> '' OR NEW.sought <> '')",
        "a text that was withheld does not come back",
    )
    yield Refusal(
        "tag_link_fixed",
        one,
        "causes_taggedrevision",
        differs("revision_id tag_id", different),
        FIXED_TAGS,
    )
    yield Refusal(
        "tag_link_added",
        (INSERT,),
        "causes_taggedrevision",
        "(SELECT count(*) FROM causes_taggedrevision WHERE revision_id = NEW.revision_id)"
        " >= (SELECT tag_count FROM causes_revision WHERE id = NEW.revision_id)",
        FIXED_TAGS,
    )
    yield Refusal(
        "publication_own_text",
        both,
        "causes_publication",
        "(SELECT entry_id FROM causes_revision WHERE id = NEW.revision_id) <> NEW.entry_id",
        "the text that is published belongs to another entry",
    )
    yield Refusal(
        "publication_fixed",
        one,
        "causes_publication",
        differs("uuid entry_id revision_id live_from", different),
        "which text was public, and since when, never changes",
    )
    yield Refusal(
        "entry_address",
        one,
        "causes_entry",
        """OLD.slug <> NEW.slug
        AND EXISTS (SELECT 1 FROM causes_publication WHERE entry_id = OLD.id)
        AND NOT EXISTS (SELECT 1 FROM causes_redirect WHERE slug = OLD.slug AND entry_id = OLD.id)
        """,
        "the address of an entry that was public changes by the verb rename only",
    )
    yield Refusal(
        "entry_number",
        one,
        "causes_entry",
        "NEW.last_number < OLD.last_number OR NEW.kind <> OLD.kind",
        "the number of the newest revision never falls, and an entry never changes its kind",
    )
    yield Refusal(
        "entry_kind",
        both,
        "causes_entry",
        "NEW.kind NOT IN ('cause', 'page')",
        "an entry is a cause or a page",
    )
    for table in ("category", "tag"):
        yield Refusal(
            f"{table}_sound",
            both,
            f"causes_{table}",
            "NEW.slug = '' OR trim(NEW.name) = '' OR NEW.folded = ''"
            " OR NEW.merged_into_id = NEW.id",
            f"a {table} needs a name and a slug, and is no alias of itself",
        )
    yield Refusal(
        "event_fixed",
        one,
        "causes_event",
        f"{differs(_EVENT, different)}"
        f" OR (NEW.entry_id IS NOT NULL AND NEW.entry_id {different} OLD.entry_id)",
        "the event log is only ever added to",
    )
