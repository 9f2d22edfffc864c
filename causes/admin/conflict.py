"""Two people edited the same revision: both texts, their base, and a choice for each difference."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import SimpleLazyObject

from causes.models import Revision
from causes.publishing import Text
from causes.text.alignment import Effort
from causes.text.compare import Paragraph, compare, compare_lists
from causes.text.merge import Part, chosen, parts_of


@dataclass(frozen=True)
class Question:
    """One place where the two texts differ."""

    name: str
    """The name of the form field that holds the answer."""

    label: str
    sides: list[tuple[str, str, list[Paragraph]]]
    """(side, label, words with those marked that differ from the base)."""

    answer: str
    is_list: bool = False
    unchanged_before: int = 0
    """The number of paragraphs just above this place that are the same on both sides."""


class Conflict:
    """A text that one person saved and one that another is editing, both with the same base."""

    def __init__(
        self, newest: Revision, base: Revision | None, mine: Text, data: Mapping[str, Any]
    ) -> None:
        self.newest, self.base = newest, base
        self.theirs, self.mine = Text.of(newest), mine
        # Without a base, the saved text serves as one.
        self.start = Text.of(base) if base else self.theirs
        # Answers count only for the revision that was shown.
        self.asked = data.get("theirs") == str(newest.uuid)
        self._data = data if self.asked else {}
        self._effort = Effort()
        self._parts: list[Part] = parts_of(self.start.body, self.theirs.body, mine.body)
        self.questions = [*self._fields(), *self._body()]

    def _fields(self) -> list[Question]:
        found = []
        for name in ("title", "summary"):
            values = [getattr(text, name) for text in self._texts()]
            if values[1] != values[2]:
                words = [compare(values[0], value) for value in values]
                found.append(self._question(f"choose-{name}", name.capitalize(), words))
        names = [[text.category.name] if text.category else [] for text in self._texts()]
        if self.theirs.category != self.mine.category:
            found.append(self._question("choose-category", "Category", _lists(names), is_list=True))
        names = [sorted(tag.name for tag in text.tags) for text in self._texts()]
        if self.theirs.tags != self.mine.tags:
            found.append(self._question("choose-tags", "Tags", _lists(names), is_list=True))
        return found

    def _body(self) -> list[Question]:
        found: list[Question] = []
        unchanged = 0
        for index, part in enumerate(self._parts):
            if part.settled:
                unchanged = part.theirs.strip().count("\n\n") + 1
                continue
            sides = (part.base, part.theirs, part.mine)
            # Compared when the page is made: the write lock is free again by then.
            words = [_lazily(part.base, side, self._effort) for side in sides]
            label = f"Body, difference {len(found) + 1}"
            found.append(self._question(f"choose-body-{index}", label, words, unchanged))
            unchanged = 0
        return found

    def _texts(self) -> tuple[Text, Text, Text]:
        return self.start, self.theirs, self.mine

    def _question(
        self,
        name: str,
        label: str,
        words: list[list[Paragraph]],
        unchanged: int = 0,
        *,
        is_list: bool = False,
    ) -> Question:
        author = self.newest.author
        theirs = f"Use {author.get_username()}’s version" if author else "Use the saved version"
        sides = [("theirs", theirs, words[1]), ("mine", "Use my version", words[2])]
        if self.base:
            sides.append(("base", "Use the version before both", words[0]))
        answer = self._data.get(name, "")
        allowed = [side for side, *_ in sides]
        answer = answer if answer in allowed else ""
        return Question(name, label, sides, answer, is_list, unchanged)

    @property
    def open(self) -> list[Question]:
        """The questions that are not answered yet."""
        return [question for question in self.questions if not question.answer]

    @property
    def settled(self) -> bool:
        """Whether every question is answered."""
        return self.asked and not self.open

    def chosen(self) -> Text:
        """The text made of the answers, once all are given."""
        answers = {question.name: question.answer for question in self.questions}

        def side(name: str) -> Text:
            return {"base": self.start, "theirs": self.theirs, "mine": self.mine}[
                answers.get(f"choose-{name}", "theirs")
            ]

        sides = [answers.get(f"choose-body-{i}", "theirs") for i in range(len(self._parts))]
        return Text(
            side("title").title,
            side("summary").summary,
            chosen(self._parts, sides),
            side("category").category,
            side("tags").tags,
        )


def _lazily(before: str, after: str, effort: Effort) -> Any:
    return SimpleLazyObject(lambda: compare(before, after, effort))


def _lists(names: list[list[str]]) -> list[list[Paragraph]]:
    return [[compare_lists(names[0], some)] for some in names]
