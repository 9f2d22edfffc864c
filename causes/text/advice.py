"""Advice to the writer of a text: likely objections of a publisher, and the reading age.

Advice never prevents a draft from being saved.
"""

import re
from dataclasses import dataclass

from causes.text.body import WORD, read_body, uncited_paragraphs
from causes.text.comments import without_comments

LONG_SENTENCE = 25
"""Sentences with more words than this are long. Source: GOV.UK content design, 2014."""

MOST_ADVICE = 200
"""The most pieces of advice that are given at a time."""

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”’)\]]*\s+(?=[\"“‘(\[]?[A-Z0-9À-ÖØ-Þ])")
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|etc|vs|cf|approx|Dr|Prof|St|No|Fig|al)\.$")


@dataclass(frozen=True)
class Advice:
    field: str
    sentence: str
    excerpt: str = ""


@dataclass(frozen=True)
class Measure:
    """`words` and `sentences` are counts, `reading_age` is in years (None below 30 words)."""

    words: int
    sentences: int
    reading_age: int | None


def sentences_of(body: str) -> list[str]:
    """The sentences of the prose. An abbreviation such as “e.g.” does not end a sentence."""
    passages = [
        passage
        for block in read_body(body).blocks
        if block.kind in ("paragraph", "list", "note")
        for passage in block.passages
    ]
    found = []
    for passage in passages:
        open_end: list[str] = []
        for piece in filter(None, map(str.strip, _SENTENCE_END.split(passage))):
            open_end.append(piece)
            if not _ABBREVIATION.search(piece[-12:]):
                found.append(" ".join(open_end))
                open_end = []
        if open_end:
            found.append(" ".join(open_end))
    return found


def _syllables(word: str) -> int:
    """The number of vowel groups without a silent e: correct for nine of ten English words."""
    word = word.lower()
    count = len(re.findall(r"[aeiouyàâäéèêëïîôöùûü]+", word))
    if word.endswith("e") and not word.endswith(("le", "ee", "oe", "ye")) and count > 1:
        count -= 1
    if word.endswith("ed") and not word.endswith(("ted", "ded")) and count > 1:
        count -= 1
    return max(count, 1)


def measure(body: str) -> Measure:
    """Words, sentences and reading age in years.

    The reading age is the Flesch-Kincaid grade plus five, never below 5. Source:
    Kincaid, Fishburne, Rogers, Chissom: Derivation of new readability formulas for
    Navy enlisted personnel (Research Branch Report 8-75, 1975).
    """
    sentences = sentences_of(body)
    words = [word for sentence in sentences for word in WORD.findall(sentence)]
    if len(words) < 30:
        return Measure(len(words), len(sentences), None)
    syllables = sum(_syllables(word) for word in words)
    grade = 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59
    return Measure(len(words), len(sentences), max(5, round(grade + 5)))


def advise(title: str, summary: str, body: str) -> list[Advice]:
    """The likely objections of a publisher, in the order of the text."""
    found = []
    if not title.strip():
        found.append(Advice("title", "The title is missing."))
    if not summary.strip():
        found.append(Advice("summary", "The summary is missing: lists and search engines show it."))
    found += [
        Advice("body", "This paragraph cites no source.", _excerpt(block))
        for block in uncited_paragraphs(body)
    ]
    found += [
        Advice("body", f"This sentence has {count} words: split it.", _excerpt(sentence))
        for sentence in sentences_of(body)
        if (count := len(WORD.findall(sentence))) > LONG_SENTENCE
    ]
    found += _skipped_levels(read_body(body).headings)
    for link in read_body(body).links:
        if not link.words:
            sentence = f"The link in line {link.line} has no text: write where it leads."
            found.append(Advice("body", sentence, link.url[:80]))
    if comments := without_comments(body)[1]:
        found.append(
            Advice("body", f"HTML comments ({comments}) are removed when you save the text.")
        )
    for tag, line in read_body(body).tags:
        sentence = (
            f"Readers see the HTML tag in line {line} exactly as typed: use Markdown instead."
        )
        found.append(Advice("body", sentence, tag[:80]))
    if (more := len(found) - MOST_ADVICE) > 0:
        sentence = f"There are {more:,} more pieces of advice: they appear as you correct these."
        found[MOST_ADVICE:] = [Advice("body", sentence)]
    return found


def _skipped_levels(headings: list[tuple[int, str]]) -> list[Advice]:
    levels = [1, *(level for level, _ in headings)]
    return [
        Advice(
            "body",
            f"This heading has level {level}, but the one above it has level {before}: "
            "do not skip a level.",
            words,
        )
        for before, (level, words) in zip(levels, headings, strict=False)
        if level > before + 1
    ]


def _excerpt(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:79].rsplit(" ", 1)[0] + " …"
