"""The forms of an import, and the page of its plan."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django import forms
from django.conf import settings
from django.core.paginator import Paginator

from causes.admin.comparison import FieldChange, field_changes
from causes.admin.status import entry_url
from causes.interchange.outcomes import CONFLICT, DRAFT, KEPT, OUTCOMES
from causes.interchange.plan import Plan
from causes.interchange.store import Item, Store
from causes.models import Category, Entry, Revision, Tag
from causes.publishing import Text

ITEMS_A_PAGE = 25
PROBLEMS_SHOWN = 200


class Files(forms.ClearableFileInput):
    """An input for several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One file or several."""

    widget = Files

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) and data else [data or None]
        return [super(FilesField, self).clean(file, initial) for file in files]


class OptionsForm(forms.Form):
    """How the plan is made. Shown at the upload, and again beside the plan."""

    on_conflict = forms.ChoiceField(
        label="If something in this database is newer than in the files",
        choices=(
            ("refuse", "Import nothing until I have decided"),
            ("draft", "Import the text in the file as a draft, to be compared"),
            ("ours", "Keep the version in this database"),
            ("theirs", "Use the version in the file; the history keeps the other one"),
        ),
        initial="refuse",
        widget=forms.RadioSelect,
    )
    skip_invalid = forms.BooleanField(
        required=False, label="If something is refused or in conflict, import the rest"
    )
    prune = forms.BooleanField(
        required=False, label="Take down all public entries that are not in the files"
    )

    def __init__(self, *args: Any, may_prune: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_prune:
            del self.fields["prune"]

    def options(self, *, markdown: bool) -> dict[str, Any]:
        """The options of an import, for its row."""
        data = self.cleaned_data
        return {
            "on_conflict": data["on_conflict"],
            "skip_invalid": data["skip_invalid"],
            "prune": data.get("prune", False),
            "markdown": markdown,
        }


class UploadForm(OptionsForm):
    """The files to import, and the options."""

    files = FilesField(  # type: ignore[assignment]  # Django moves it to `fields`
        label="Files",
        help_text="Django fixtures (.json or .jsonl, or either with .gz) or Markdown files (.md).",
    )
    field_order = ("files", "on_conflict", "skip_invalid", "prune")

    def clean_files(self) -> list[Any]:
        """Either fixtures or Markdown files, none of them too large."""
        files: list[Any] = self.cleaned_data["files"]
        most = settings.IMPORT_MAX_MB
        for file in files:
            if file.size > most << 20:
                sentence = f"{file.name} has {file.size >> 20:,} MB. The limit is {most:,} MB."
                raise forms.ValidationError(sentence)
        kinds = {is_markdown(file.name) for file in files}
        if len(kinds) > 1:
            raise forms.ValidationError("Choose either fixtures or Markdown files, not both.")
        return files


def is_markdown(name: str) -> bool:
    """Whether a file of this name is read as Markdown."""
    return name.lower().endswith((".md", ".markdown"))


@dataclass(frozen=True)
class Line:
    """One row of the plan: an entry, a category, a tag or a source."""

    item: Item
    label: str
    changes: list[FieldChange]
    path: str

    @classmethod
    def of(cls, item: Item, store: Store) -> "Line":
        """The row for an item of the store."""
        label = OUTCOMES[item.outcome]
        if item.kind not in Entry.Kind.values:
            return cls(item, label, [], "")
        content = store.content(item.id) or {}
        entry = _entry_here(item.key, content)
        changes = _changes(entry, content, item.outcome) if content.get("revisions") else []
        return cls(item, label, changes, entry_url(entry) if entry else "")


def plan_context(plan: Plan, wanted: str, page_number: str | None) -> dict[str, Any]:
    """The context for the page of a plan. `wanted` is an outcome, or empty for all that matter."""
    store = plan.store
    where = ("outcome = ?", wanted) if wanted in OUTCOMES else ("outcome <> 'unchanged'",)
    total = sum(1 for _ in store.rows(f"SELECT 1 FROM item WHERE {where[0]}", *where[1:]))
    page = Paginator(range(total), ITEMS_A_PAGE).get_page(page_number)
    items = store.items(
        *where,
        order="kind IN ('category', 'tag', 'source'), id",
        start=max(page.start_index() - 1, 0),
        most=ITEMS_A_PAGE,
    )
    return {
        "plan": plan,
        "moved": store.fact("moved", ""),
        "left_out": store.fact("left_out", {}),
        "outcomes": [
            (name, label, plan.number(name), name == wanted)
            for name, label in OUTCOMES.items()
            if plan.number(name)
        ],
        "problems": list(store.problems(most=PROBLEMS_SHOWN)),
        "problem_count": store.problem_count(),
        "lines": [Line.of(item, store) for item in items],
        "page": page,
        "wanted": wanted,
        "objection": plan.objection,
        "writes": plan.writes,
    }


def _entry_here(slug: str, content: dict[str, Any]) -> Entry | None:
    """The entry in this database that the file is about, whichever of its slugs it has."""
    slugs = [slug, *(row["slug"] for row in content.get("redirects", ()))]
    found: Entry | None = (
        Entry.objects.filter(slug__in=slugs).first()
        or Entry.objects.filter(redirects__slug__in=slugs).first()
    )
    return found


@dataclass(frozen=True)
class _Named:
    name: str


def _changes(entry: Entry | None, content: dict[str, Any], outcome: str) -> list[FieldChange]:
    """The changes by words, from the newest text in this database to the one in the file."""
    row = max(content["revisions"], key=lambda held: held["number"])
    after: Any = SimpleNamespace(
        title=row["title"],
        summary=row["summary"],
        body=row["body"],
        category=_named(Category, row["category"]) if row["category"] else None,
        tags=[_named(Tag, slug) for slug in row["tags"]],
    )
    before = Text("")
    if entry is not None:
        held = Revision.objects.with_taxonomy().filter(uuid=row["uuid"]).first()
        newest = entry.newest
        if held is not None and outcome not in (CONFLICT, KEPT, DRAFT):
            # This database has the text: only the times when it is public change.
            return []
        before = Text.of(newest) if newest else before
    return [change for change in field_changes(before, after) if change.changed]


def _named(model: Any, slug: str) -> Any:
    row = model.objects.filter(slug=slug).select_related("merged_into").first()
    return row.canonical if row else _Named(slug)
