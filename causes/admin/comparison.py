"""Two texts compared, field by field and word by word."""

from dataclasses import dataclass

from causes.publishing import Text
from causes.text.compare import Paragraph, compare, compare_lists


@dataclass(frozen=True)
class FieldChange:
    """One field of two texts, with the words that were deleted and inserted."""

    label: str
    paragraphs: list[Paragraph]
    is_list: bool = False

    @property
    def changed(self) -> bool:
        """Whether the two texts differ in this field."""
        return any(piece.kind != "same" for words in self.paragraphs for piece in words)


def field_changes(before: Text, after: Text) -> list[FieldChange]:
    """All fields of the texts, changed or not, in the order of the form."""
    category = [[text.category.name] if text.category else [] for text in (before, after)]
    tags = [sorted(tag.name for tag in text.tags) for text in (before, after)]
    return [
        FieldChange("Title", compare(before.title, after.title)),
        FieldChange("Summary", compare(before.summary, after.summary)),
        FieldChange("Category", [compare_lists(*category)], is_list=True),
        FieldChange("Tags", [compare_lists(*tags)], is_list=True),
        FieldChange("Body", compare(before.body, after.body)),
    ]
