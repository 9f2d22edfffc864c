"""The page of a plan, and the forms before it: what is asked, and what would happen."""

from types import SimpleNamespace
from typing import Any, NamedTuple

from django import forms
from django.conf import settings
from django.urls import reverse

from causes.admin.comparison import FieldChange, field_changes
from causes.interchange.outcomes import CONFLICT, DRAFT, KEPT, OUTCOMES
from causes.interchange.store import Item, Store
from causes.models import Category, Entry, Revision, Tag
from causes.publishing import Text


class Files(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One file or several."""

    widget = Files

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) and data else [data or None]
        return [super(FilesField, self).clean(file, initial) for file in files]


class OptionsForm(forms.Form):
    """How to decide; asked at the upload, and again beside the plan."""

    on_conflict = forms.ChoiceField(
        label="Where something here is newer than the file knows",
        choices=(
            ("refuse", "bring nothing in until that is settled"),
            ("draft", "bring the file's text in as a draft, to be compared"),
            ("ours", "keep what is here"),
            ("theirs", "take what is in the file; what is here stays in the history"),
        ),
        initial="refuse",
        widget=forms.RadioSelect,
    )
    skip_invalid = forms.BooleanField(
        required=False, label="Leave out what is refused or in conflict, and bring in the rest"
    )
    prune = forms.BooleanField(
        required=False, label="Take down what is public here and not in the files"
    )

    def __init__(self, *args: Any, may_prune: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_prune:
            del self.fields["prune"]


class UploadForm(OptionsForm):
    files = FilesField(
        label="Files",
        help_text="Django fixtures (.json, .jsonl, also with .gz), or Markdown files (.md).",
    )
    field_order = ("files", "on_conflict", "skip_invalid", "prune")

    def clean_files(self) -> list[Any]:
        files: list[Any] = self.cleaned_data["files"]
        most = settings.IMPORT_MAX_MB
        for file in files:
            if file.size > most << 20:
                sentence = f"{file.name} has {file.size >> 20:,} MB; the most is {most:,}."
                raise forms.ValidationError(sentence)
        kinds = {is_markdown(file.name) for file in files}
        if len(kinds) > 1:
            raise forms.ValidationError("Send either fixtures or Markdown files, not both at once.")
        return files


def is_markdown(name: str) -> bool:
    return name.lower().endswith((".md", ".markdown"))


class Line(NamedTuple):
    """One thing of the plan, as its page shows it."""

    item: Item
    label: str
    changes: list[FieldChange]
    path: str

    @classmethod
    def of(cls, item: Item, store: Store) -> "Line":
        label = OUTCOMES[item.outcome]
        changes: list[FieldChange] = []
        entry = None
        if item.kind in Entry.Kind.values:
            content = store.content(item.id) or {}
            entry = _entry_here(item.key, content)
            if content.get("revisions"):
                changes = _changes(entry, content, item.outcome)
        address = reverse(f"admin:causes_{entry.kind}_change", args=[entry.pk]) if entry else ""
        return cls(item, label, changes, address)


def _entry_here(slug: str, content: Any) -> Any:
    """The entry that the plan found, under whatever address it has here."""
    slugs = [slug, *(row["slug"] for row in content.get("redirects", ()))]
    found = Entry.objects.filter(slug__in=slugs).first()
    return found or Entry.objects.filter(redirects__slug__in=slugs).first()


class _Named(NamedTuple):
    name: str


def _changes(entry: Any, content: Any, outcome: str) -> list[FieldChange]:
    """From the newest text here to the file's, by words."""
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
            # The text is here: what changes is when it is public.
            return []
        before = Text.of(newest) if newest else before
    return [change for change in field_changes(before, after) if change.changed]


def _named(model: Any, slug: str) -> Any:
    row = model.objects.filter(slug=slug).select_related("merged_into").first()
    return row.canonical if row else _Named(slug)
