"""The form in which an editor writes: it edits an entry by making its next revision."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelectMultiple, RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError

from causes import publishing
from causes.admin.conflict import Conflict
from causes.admin.seen import ShowsBoth, show_initial
from causes.models import Category, Entry, Revision, Tag, TaggedRevision
from causes.publishing import Text, publishing_problems, unsound
from causes.text.characters import is_blank
from causes.text.numbers import whole_number
from causes.text.slugs import SLUG_LIMIT, slug_from_title


class TagSelect(AutocompleteSelectMultiple):
    """Without the button that clears all tags: it breaks the list for screen readers."""

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        attrs: dict[str, Any] = super().build_attrs(base_attrs, extra_attrs)
        return attrs | {"data-allow-clear": "false"}

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        """The chosen tags. Django queries whatever a request names, even if it is no number."""
        tags = [pk for pk in value if whole_number(str(pk)) is not None]
        return super().optgroups(name, tags, attrs)


class RevisionForm(ShowsBoth, forms.ModelForm):
    """Starts with a copy of the newest revision; saving it makes the next one.

    The hidden field `base` names the revision that the editor's text started from. If somebody
    has saved since, a page shows the base, their text and this one, and the form is valid once
    the editor has chosen for every difference: see conflict.py.
    """

    kind = Entry.Kind.CAUSE
    shown_names = ("slug",)  # the text is compared with its base instead
    may_add_tags = False

    slug = forms.CharField(
        required=False,
        max_length=SLUG_LIMIT,
        help_text="The last part of the address. Leave it empty to make one from the title.",
    )
    tags = forms.ModelMultipleChoiceField(Tag.objects.none(), required=False)
    base = forms.UUIDField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Revision
        fields = ("title", "summary", "category", "body", "note")
        widgets = {
            "title": forms.TextInput(attrs={"class": "vTextField"}),
            "summary": forms.Textarea(attrs={"rows": 3}),
            "body": forms.Textarea(
                attrs={"rows": 26, "class": "desk-body", "spellcheck": "true", "lang": "en"}
            ),
            "note": forms.TextInput(attrs={"class": "vTextField", "maxlength": 300}),
        }

    order = ("title", "slug", "summary", "category", "tags", "body", "note")

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        instance: Entry | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        self.entry = instance if instance is not None and instance.pk else None
        self.newest: Revision | None = self.entry.newest if self.entry else None
        self.conflict: Conflict | None = None
        revision = Revision()
        starts: dict[str, Any] = {"slug": self.entry.slug} if self.entry else {}
        if self.newest:
            text = Text.of(self.newest)
            for name in ("title", "summary", "body", "category"):
                setattr(revision, name, getattr(text, name))
            starts |= {"tags": [tag.pk for tag in text.tags], "base": self.newest.uuid}
        super().__init__(data, files, instance=revision, initial=starts | (initial or {}))
        self.slug_is_fixed = self.entry is not None and self.entry.ever_public()
        self._prepare_fields()

    def _prepare_fields(self) -> None:
        fields: dict[str, Any] = self.fields
        fields["category"].queryset = Category.objects.current()
        fields["tags"].queryset = Tag.objects.current()
        link = TaggedRevision._meta.get_field("tag")
        fields["tags"].widget = RelatedFieldWidgetWrapper(
            TagSelect(link, admin.site),
            link.remote_field,
            admin.site,
            can_add_related=self.may_add_tags,
        )
        fields["tags"].widget.choices = fields["tags"].choices
        fields["tags"].help_text = "Type to find a tag. The green plus adds a new one."
        if self.slug_is_fixed:
            fields["slug"].disabled = True
            fields["slug"].help_text = (
                "This entry was public. To change its address, use “Rename”, which takes effect "
                "at once."
            )
        fields["category"].help_text = "A cause needs one before it can be published."
        if self.kind == Entry.Kind.PAGE:
            del fields["category"]
            fields["tags"].help_text = "The public tag pages list causes only."
        fields["body"].help_text = "Markdown. Headings start with ##. Cite a source as [@its-key]."
        self.order_fields(self.order)

    @property
    def shown_row(self) -> Entry | None:
        """The entry, since the form’s own instance is the next revision."""
        return self.entry

    def clean_title(self) -> str:
        title = str(self.cleaned_data["title"])
        if is_blank(title):
            raise ValidationError("Write a title: every text needs one.")
        return title

    def clean_slug(self) -> str:
        """The typed slug, or one made from the title. It must not belong to another entry."""
        slug = str(self.cleaned_data["slug"]) or slug_from_title(self.data.get("title", ""))
        if self.slug_is_fixed:
            return slug
        if not slug:
            raise ValidationError("No slug can be made from this title: write a slug here.")
        objection = Entry.slug_objection(slug, self.kind) or Entry.slug_taken(slug, self.entry)
        if objection:
            raise ValidationError(objection)
        return slug

    def clean(self) -> dict[str, Any]:
        """Checks the text, then whether somebody saved another revision in the meantime."""
        super().clean()
        data: dict[str, Any] = self.cleaned_data
        if not self.errors:
            for name, sentence in unsound(self.text(), data.get("note", "")):
                self.add_error(name, sentence)
        if self.newest and data.get("base") != self.newest.uuid and not self.errors:
            self._meet(self.newest)
        return data

    def _meet(self, newest: Revision) -> None:
        """Somebody saved in the meantime: nothing is saved until every difference is decided."""
        mine = self.text().tidied()
        if Text.of(newest) == mine:
            return
        rows = Revision.objects.filter(entry=self.entry, uuid=self.cleaned_data.get("base"))
        base = rows.with_taxonomy().first()
        if base is not None and Text.of(base) == mine:
            if {"_publish", "_submit"} & self.data.keys():
                self._show_newest(newest, base)
            else:
                self._take(Text.of(newest), newest)  # the editor changed nothing
            return
        conflict = Conflict(newest, base, mine, self.data)
        if conflict.settled:
            self._take(conflict.chosen(), newest)
            return
        self.conflict = conflict
        self.add_error(None, str(publishing.StaleDraft(newest, base)))

    def _show_newest(self, newest: Revision, base: Revision) -> None:
        """Shows the newest text, since nobody may publish or submit a text that they never saw."""
        for name in self.fields.keys() - {"slug", "note"}:
            show_initial(self.fields[name])
        sentence = f"{publishing.StaleDraft(newest, base)} The form shows it now: read it first."
        self.add_error(None, sentence)

    def _take(self, text: Text, newest: Revision) -> None:
        """Replaces the form's text with this one, to be saved on top of the newest revision."""
        self.cleaned_data |= {
            "title": text.title,
            "summary": text.summary,
            "body": text.body,
            "category": text.category,
            "tags": list(text.tags),
            "base": newest.uuid,
        }

    def text(self) -> Text:
        """The text in the form."""
        data = self.cleaned_data
        return Text(
            data.get("title", ""),
            data.get("summary", ""),
            data.get("body", ""),
            data.get("category"),
            frozenset(data.get("tags", ())),
        )

    def warnings(self) -> dict[str, list[str]]:
        """Reasons why the saved draft could not be published, by field."""
        found: dict[str, list[str]] = {}
        if self.newest and not self.is_bound:
            for name, sentence in publishing_problems(Text.of(self.newest), self.kind):
                found.setdefault(name, []).append(sentence)
        return found
