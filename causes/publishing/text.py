"""The text of an entry as readers see it, before it is stored as a revision."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from causes.models import Category, Entry, Revision, Source, Tag
from causes.publishing.situations import Problem
from causes.text.body import read_body
from causes.text.characters import bad_characters, is_blank, tidy_line
from causes.text.comments import tidy_body
from causes.text.derived import Derived
from causes.text.objections import objections, unresolved
from causes.text.recent import read_once


@dataclass(frozen=True)
class Text:
    title: str
    summary: str = ""
    body: str = ""
    category: Category | None = None
    tags: frozenset[Tag] = frozenset()

    @classmethod
    def of(cls, revision: Revision) -> Self:
        """The text of a stored revision, with the present names of its category and tags.

        It is tidied: otherwise an older text would differ from itself once it is saved.
        """
        return cls(
            tidy_line(revision.title, stored=True),
            tidy_line(revision.summary, stored=True),
            tidy_body(revision.body, stored=True),
            revision.shown_category,
            frozenset(revision.shown_tags()),
        )

    def tidied(self) -> Self:
        """The text as it is stored: see causes/text/characters.py."""
        return type(self)(
            tidy_line(self.title),
            tidy_line(self.summary),
            tidy_body(self.body),
            self.category and self.category.canonical,
            frozenset(tag.canonical for tag in self.tags),
        )


@contextmanager
def read_ahead(*texts: Any) -> Iterator[None]:
    """Reads texts before the write lock is taken, and holds what was read until the block ends.

    Takes texts and revisions, and ignores anything else. A long text takes a second or two to
    read. Under the lock nobody else could write meanwhile.
    """
    with read_once():
        for text in texts:
            if isinstance(text, Text):
                tidied = text.tidied()
                Derived.of(tidied.title, tidied.summary, tidied.body)
            elif isinstance(text, Revision):
                Derived.of(text.title, text.summary, text.body)
                read_body(tidy_body(text.body, stored=True))
        yield


def unsound(text: Text, note: str = "") -> list[Problem]:
    """The problems because of which a text cannot be stored."""
    problems: list[Problem] = []
    if is_blank(text.title):
        problems.append(("title", "Write a title: every text needs one."))
    for name, value in (("title", text.title), ("summary", text.summary), ("note", note)):
        limit = Revision.limit(name)
        if len(value) > limit:
            problems.append((name, f"It has {len(value)} characters; the most is {limit}."))
        if sentence := bad_characters(value):
            problems.append((name, sentence))
    return problems + [("body", sentence) for sentence in objections(text.body)]


def publishing_problems(
    text: Text, kind: str, known: Collection[str] | None = None
) -> list[Problem]:
    """The problems because of which a stored text cannot be published.

    `known` are the keys of existing sources, if the caller has looked them up.
    """
    problems: list[Problem] = []
    if is_blank(text.summary):
        problems.append(("summary", "Lists and search engines show the summary: write one."))
    if kind == Entry.Kind.CAUSE and text.category is None:
        problems.append(("category", "Readers find causes by category: choose one."))
    if is_blank(text.body):
        problems.append(("body", "The text is empty."))
    keys: Collection[str] = known or ()
    if known is None:
        found = read_body(text.body)
        known = set(Source.objects.filter(key__in=found.keys).values_list("key", flat=True))
        if found.near_misses or found.words_in_brackets or known != set(found.keys):
            keys = set(Source.objects.values_list("key", flat=True))
    problems += [("body", sentence) for sentence in unresolved(text.body, known, keys)]
    return problems
