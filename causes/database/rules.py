"""The refusals of the database: one table, from which both engines make their triggers.

A refusal reads the rule from where it is declared (the models, causes/text/) and puts it into
SQL. The guards in causes/models/guards.py refuse the same, earlier and in plainer words.
"""

from collections.abc import Iterable

from causes.database import texts
from causes.database.dialect import INSERT, UPDATE, Dialect, Refusal, columns
from causes.models import Entry, Event, Publication, Revision, TaggedRevision
from causes.models.revision import WITHHELD_TEXT
from causes.text.slugs import SLUG_RULE


def _withheld(sql: Dialect) -> str:
    """SQL for: the verb `withhold` blanks this revision, and nothing else changes."""
    blank = (f"NEW.{name} = '{value}'" for name, value in WITHHELD_TEXT.items())
    kept = set(Revision.TEXT_COLUMNS) - {*WITHHELD_TEXT, "withheld_at"}
    return (
        f"OLD.withheld_at IS NULL AND NEW.withheld_at IS NOT NULL AND {' AND '.join(blank)}"
        f" AND NOT ({sql.change(columns(Revision, *kept))})"
    )


def refusals(sql: Dialect) -> Iterable[Refusal]:
    """Every refusal in the words of one engine."""
    return (*_of_changes(sql), *_of_values(sql), *texts.refusals(sql))


def _of_changes(sql: Dialect) -> Iterable[Refusal]:
    """Refusals of changes to stored rows."""
    insert, update, both = (INSERT,), (UPDATE,), (INSERT, UPDATE)
    stored_text = "a stored text never changes: save a new revision"
    stored_tags = "the tags of a stored text never change: save a new revision"
    return (
        Refusal(
            "revision_fixed",
            update,
            "causes_revision",
            f"({sql.change(columns(Revision, *Revision.TEXT_COLUMNS))}) AND NOT ({_withheld(sql)})",
            stored_text,
        ),
        Refusal(
            "revision_withheld",
            update,
            "causes_revision",
            "OLD.withheld_at IS NOT NULL AND (NEW.plain <> '' OR NEW.sought <> '')",
            "a withheld text does not come back",
        ),
        Refusal(
            "tag_link_fixed",
            update,
            "causes_taggedrevision",
            sql.change(columns(TaggedRevision)),
            stored_tags,
        ),
        Refusal(
            "tag_link_added",
            insert,
            "causes_taggedrevision",
            "(SELECT count(*) FROM causes_taggedrevision WHERE revision_id = NEW.revision_id)"
            " >= (SELECT tag_count FROM causes_revision WHERE id = NEW.revision_id)",
            stored_tags,
        ),
        Refusal(
            "publication_own_text",
            both,
            "causes_publication",
            "(SELECT entry_id FROM causes_revision WHERE id = NEW.revision_id) <> NEW.entry_id",
            "the revision belongs to another entry",
        ),
        Refusal(
            "publication_withheld",
            both,
            "causes_publication",
            f"{sql.not_ended('NEW')} AND EXISTS (SELECT 1 FROM causes_revision"
            " WHERE id = NEW.revision_id AND withheld_at IS NOT NULL)",
            "a withheld text cannot be public",
        ),
        Refusal(
            "publication_fixed",
            update,
            "causes_publication",
            sql.change(columns(Publication, *Publication.FIXED)),
            "which text was public, and since when, never changes",
        ),
        Refusal(
            "publication_ended",
            update,
            "causes_publication",
            f"OLD.live_until <= {sql.now} AND ({sql.change(columns(Publication))})",
            "a publication that has ended never changes: publish the text again",
        ),
        Refusal(
            "entry_address",
            update,
            "causes_entry",
            "OLD.slug <> NEW.slug AND EXISTS"
            " (SELECT 1 FROM causes_publication WHERE entry_id = OLD.id) AND NOT EXISTS"
            " (SELECT 1 FROM causes_redirect WHERE slug = OLD.slug AND entry_id = OLD.id)",
            "the address of an entry that was public changes only by the verb rename",
        ),
        Refusal(
            "entry_number",
            update,
            "causes_entry",
            "NEW.last_number < OLD.last_number OR NEW.kind <> OLD.kind",
            "the number of the newest revision never falls, and an entry never changes its kind",
        ),
        Refusal(
            "event_fixed",
            update,
            "causes_event",
            # The entry of an event may be deleted, which empties the column.
            f"{sql.change(name for name in columns(Event) if name != 'entry_id')}"
            f" OR (NEW.entry_id IS NOT NULL AND NEW.entry_id {sql.differs} OLD.entry_id)",
            "events are only ever added to the log",
        ),
    )


def _of_values(sql: Dialect) -> Iterable[Refusal]:
    """Refusals of values that a column may not hold; for texts see causes/database/texts.py."""
    both, slug_rule = (INSERT, UPDATE), f"a slug is {SLUG_RULE}"
    kinds = ", ".join(f"'{kind}'" for kind in Entry.Kind.values)
    return (
        Refusal("entry_slug", both, "causes_entry", sql.no_slug("NEW.slug"), slug_rule),
        Refusal("redirect_slug", both, "causes_redirect", sql.no_slug("NEW.slug"), slug_rule),
        Refusal("source_key", both, "causes_source", sql.no_slug("NEW.key"), slug_rule),
        Refusal(
            "entry_kind",
            both,
            "causes_entry",
            f"NEW.kind NOT IN ({kinds})",
            "an entry is a cause or a page",
        ),
        Refusal(
            "revision_sound",
            (INSERT,),
            "causes_revision",
            "trim(NEW.title, ' \t\n\r') = ''",
            "a text needs a title",
        ),
        *(
            Refusal(
                f"{kind}_sound",
                both,
                f"causes_{kind}",
                "NEW.slug = '' OR trim(NEW.name) = '' OR NEW.folded = ''"
                " OR NEW.merged_into_id = NEW.id",
                f"a {kind} needs a name and a slug, and is not an old name of itself",
            )
            for kind in ("category", "tag")
        ),
    )
