"""Made-up entries in any number, for measurements: always the same ones.

They are written in bulk, without the verbs, so this is the only module besides `publishing` that
writes publications. The texts mean nothing.
"""

import gc
import json
import random
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from causes import database
from causes.database import bulk
from causes.models import (
    Category,
    Entry,
    Publication,
    Revision,
    Source,
    Tag,
    TaggedRevision,
)
from causes.text.names import fold
from causes.text.slugs import name_slug

CHUNK = 500
FIRST_DAY = datetime(2020, 1, 1, tzinfo=UTC)
_NAMESPACE = uuid.UUID("b8a6d4c2-0f1e-5d3c-9b7a-8c6e4f2a1b03")


class BadProse(ValueError):
    """A line of the prose file is not an entry."""


def generate(
    count: int, prose: Path | None = None, *, done: Callable[[int], object] = lambda number: None
) -> tuple[int, int]:
    """Fills the database with `count` entries of three revisions each, the last one live.

    The words come from the first lines of a prose file: JSON Lines with `title, slug, summary,
    sections, category, tags, sources`. Without a file they are made up: about 600 words for each
    entry, five tags and four sources. Existing entries with the same slug are left alone. `done` is
    called with the number of entries so far. Returns how many entries were created, and how many
    existed. Raises BadProse.
    """
    texts = _from_file(prose) if prose else map(_text, range(count))
    made = there = 0
    numbered = enumerate(islice(texts, count))
    with _room_to_work():
        while chunk := list(islice(numbered, CHUNK)):
            with transaction.atomic():
                database.lock()
                new = _write(chunk)
            made, there = made + new, there + len(chunk) - new
            done(made + there)
    bulk.analyze()
    if made + there < count:
        raise BadProse(f"{prose} has {made + there:,} entries, not {count:,}: ask for fewer.")
    return made, there


@contextmanager
def _room_to_work() -> Iterator[None]:
    """A larger page cache, and no garbage collection, as there are no cycles."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for pragma in ("cache_size = -200000", "wal_autocheckpoint = 50000"):
                cursor.execute(f"PRAGMA {pragma}")
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _from_file(path: Path) -> Iterator[dict[str, Any]]:
    keys = {"title", "slug", "summary", "sections", "category", "tags", "sources"}
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                text = json.loads(line)
            except ValueError as error:
                raise BadProse(f"{path}, line {number} is not JSON: {error}") from error
            if not isinstance(text, dict) or keys - text.keys():
                missing = ", ".join(sorted(keys - set(text if isinstance(text, dict) else ())))
                raise BadProse(f"{path}, line {number} is not an entry; it lacks: {missing}.")
            yield text


def _write(chunk: list[tuple[int, dict[str, Any]]]) -> int:
    slugs = [text["slug"] for _, text in chunk]
    taken = set(Entry.objects.filter(slug__in=slugs).values_list("slug", flat=True))
    chunk = [(number, text) for number, text in chunk if text["slug"] not in taken]
    categories = _taxa(Category, (text["category"] for _, text in chunk))
    tags = _taxa(Tag, (name for _, text in chunk for name in text["tags"]))
    moments = [FIRST_DAY + timedelta(minutes=7 * number) for number, _ in chunk]
    Source.objects.bulk_create(
        (
            Source(
                key=_key(text, place),
                kind=Source.Kind.ARTICLE,
                authors="Nobody N",
                title=source["title"],
                year=source.get("year"),
                url=source["url"],
                updated_at=moment,
            )
            for (_, text), moment in zip(chunk, moments, strict=True)
            for place, source in enumerate(text["sources"], 1)
        ),
        ignore_conflicts=True,
        batch_size=CHUNK,
    )
    entries = Entry.objects.bulk_create(
        Entry(kind=Entry.Kind.CAUSE, slug=text["slug"], created_at=moment, last_number=3)
        for (_, text), moment in zip(chunk, moments, strict=True)
    )
    revisions = Revision.objects.bulk_create(
        (
            revision
            for entry, (_, text) in zip(entries, chunk, strict=True)
            for revision in _revisions(entry, text, categories[fold(text["category"])])
        ),
        batch_size=CHUNK,
    )
    # These are half of all rows, and model objects would take half of the time.
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {TaggedRevision._meta.db_table} (revision_id, tag_id) VALUES (%s, %s)",
            [
                (revision.pk, tags[fold(name)].pk)
                for place, revision in enumerate(revisions)
                for name in chunk[place // 3][1]["tags"]
            ],
        )
    Publication.objects.bulk_create(
        Publication(
            uuid=uuid.uuid5(_NAMESPACE, f"{entry.slug} live"),
            entry=entry,
            revision=revisions[3 * place + 2],
            live_from=moment,
        )
        for place, (entry, moment) in enumerate(zip(entries, moments, strict=True))
    )
    return len(chunk)


def _taxa(model: Any, names: Iterable[str]) -> dict[str, Any]:
    wanted = {fold(name): name for name in names}
    known = {taxon.folded: taxon for taxon in model.objects.filter(folded__in=list(wanted))}
    absent = [
        model(name=name, slug=name_slug(name), updated_at=FIRST_DAY)
        for folded, name in sorted(wanted.items())
        if folded not in known
    ]
    return known | {taxon.folded: taxon for taxon in model.objects.bulk_create(absent)}


def _key(text: dict[str, Any], place: int) -> str:
    return f"{text['slug']}-{place}"


def _revisions(entry: Entry, text: dict[str, Any], category: Category) -> Iterator[Revision]:
    """A draft without the last section, the whole text, and one with another summary."""
    before: list[str] = []
    summary = text["summary"]
    sections = text["sections"]
    steps = ((sections[:-1], summary), (sections, summary), (sections, f"{summary} (Revised.)"))
    for number, (held, shown) in enumerate(steps, 1):
        made = Revision(
            uuid=uuid.uuid5(_NAMESPACE, f"{entry.slug} {number}"),
            entry=entry,
            number=number,
            based_on=before[0] if before else None,
            predecessors=list(before),
            title=text["title"],
            summary=shown[:500],
            body=_body(held, [_key(text, p) for p in range(1, len(text["sources"]) + 1)]),
            category=category,
            tag_count=len(text["tags"]),
            note="Made up.",
            created_at=entry.created_at,
        )
        before.insert(0, str(made.uuid))
        yield made


def _body(sections: list[Any], keys: list[str]) -> str:
    """The sections as Markdown, with a citation after each paragraph."""
    parts, place = [], 0
    for heading, paragraphs in sections:
        parts.append(f"## {heading}")
        for paragraph in paragraphs:
            cited = f" [@{keys[place % len(keys)]}]" if keys else ""
            parts.append(paragraph + cited)
            place += 1
    return "\n\n".join(parts)


# Made-up words -----------------------------------------------------------------

_THINGS = (
    "nerve muscle fibre signal root sheath junction reflex limb hand foot tendon joint "
    "scan exercise splint surgeon patient therapist clinic finding"
).split()
_KINDS = (
    "early late mild severe partial complete upper lower inner outer slow quick rare "
    "common painful silent"
).split()
_DEEDS = ("follows changes weakens protects reaches leaves outlasts explains hides shows").split()
_HEADINGS = ("What happens", "First signs", "Tests", "Treatment", "Outlook", "Open questions")
_RARE = [
    a + b for a in ("para", "hypo", "meta", "endo", "iso") for b in ("tonia", "plasia", "phoria")
]


def _text(number: int) -> dict[str, Any]:
    """The entry of this number: a pure function of it."""
    pick = random.Random(f"made up {number}")  # noqa: S311
    title = (
        f"{pick.choice(_KINDS).title()} {pick.choice(_THINGS)} {pick.choice(_THINGS)} {number:06}"
    )
    return {
        "title": title,
        "slug": name_slug(title),
        "summary": pick.choice(_pool()),
        "sections": [(heading, [_paragraph(pick), _paragraph(pick)]) for heading in _HEADINGS],
        "category": f"{pick.choice(_KINDS)} causes".capitalize(),
        "tags": [f"{kind} {pick.choice(_THINGS)}" for kind in pick.sample(_KINDS, 5)],
        "sources": [
            {
                "title": pick.choice(_pool()),
                "url": f"https://example.org/{number}/{place}",
                "year": pick.randrange(1950, 2026),
            }
            for place in range(4)
        ],
    }


def _sentence(pick: random.Random) -> str:
    return (
        f"The {pick.choice(_KINDS)} {pick.choice(_THINGS)} {pick.choice(_DEEDS)} "
        f"the {pick.choice(_THINGS)} of the {pick.choice(_KINDS)} {pick.choice(_THINGS)}."
    )


@cache
def _pool() -> list[str]:
    """Sentences to choose from: creating each one would take longer than storing it."""
    pick = random.Random("made up")  # noqa: S311
    return [_sentence(pick) for _ in range(5_000)]


def _paragraph(pick: random.Random) -> str:
    rare = f" Some say {pick.choice(_RARE)}." if pick.random() < 0.2 else ""
    return " ".join(pick.choices(_pool(), k=5)) + rare
