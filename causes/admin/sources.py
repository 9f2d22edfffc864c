"""Sources at the desk."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, F, Q, When
from django.http import HttpRequest, JsonResponse
from django.utils.html import format_html

from causes import publishing
from causes.admin.keeping import KeepsText
from causes.admin.request import person_of
from causes.models import Citation, Source
from causes.models.texts import LineFormField
from causes.text.identifiers import LABELS, TIDY, identities

PICKED = 20
SEARCHED = ("key", "authors", "title", "published_in", "doi", "pmid", "pmcid", "url")


class Pasted(LineFormField):
    """A DOI, PMID or PMCID, which may be pasted as the address of a web page."""

    def __init__(self, name: str, **kwargs: Any) -> None:
        self.tidy = TIDY[name]
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        return self.tidy(super().to_python(value) or "")

    def widget_attrs(self, widget: Any) -> dict[str, Any]:
        # No limit: a browser would cut off a longer address without saying so.
        return {}


class SourceForm(forms.ModelForm):
    """Warns if another source is the same paper, and saves it only if that is intended."""

    TWICE = "twice"
    """The name of the checkboxes, one for each source that is the same paper."""

    twins: tuple[tuple[Source, bool], ...] = ()
    """The sources that are the same paper, and whether the box of each was ticked."""

    def clean(self) -> dict[str, Any]:
        """Compares the identifiers that were added with those of all other sources."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        before = {
            name: self.get_initial_for_field(field, name) or ""
            for name, field in self.fields.items()
            if name in TIDY
        }
        now = identities({name: data.get(name, "") for name in TIDY})
        added = now.keys() - identities(before).keys()
        found = Source.objects.exclude(pk=self.instance.pk).known_by(added) if added else []
        data_sent: Any = self.data  # of a request, though Django's types also allow a dict
        ticked = set(data_sent.getlist(self.TWICE))
        self.twins = tuple((source, source.key in ticked) for source, _ in found)
        for source, field in found:
            if source.key not in ticked:
                self.add_error(None, f"[@{source.key}] has the same {LABELS[field]}.")
        return data


class CheckedFilter(admin.SimpleListFilter):
    """By whether somebody checked the source, or marked it as withdrawn."""

    title = "checked"
    parameter_name = "checked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "not yet checked"), ("yes", "checked"), ("withdrawn", "withdrawn")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "withdrawn":
            return queryset.exclude(withdrawn_on=None)
        if self.value() in ("no", "yes"):
            return queryset.filter(checked_on__isnull=self.value() == "no")
        return queryset


@admin.register(Source)
class SourceAdmin(KeepsText):
    """The list of sources, and the form of each."""

    form = SourceForm
    change_form_template = "admin/causes/source/change_form.html"
    list_display = ("key", "kind", "authors", "title", "year", "checked_on", "withdrawn_on")
    list_filter = ("kind", CheckedFilter)
    search_fields = tuple(f"{name}__holds" for name in SEARCHED)
    search_help_text = (
        "Searches key, authors, title, place of publication, DOI, PMID, PMCID and address."
    )
    ordering = ("key",)
    fieldsets = (
        (None, {"fields": ("key", "kind", "authors", "title", "published_in", "year")}),
        ("Where to read it", {"fields": ("doi", "pmid", "pmcid", "url")}),
        ("Reliability", {"fields": ("checked_on", "withdrawn_on", "withdrawn_reason")}),
    )

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in ("doi", "pmid", "pmcid"):
            kwargs["form_class"] = partial(Pasted, db_field.name)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The key of a source that is cited cannot be changed."""
        return ("key",) if obj and _cited(obj) else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A source that any revision cites can be withdrawn, but not deleted."""
        return super().has_delete_permission(request, obj) and (obj is None or not _cited(obj))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Saves through the verb, and records who checked the source."""
        if "checked_on" in form.changed_data:
            obj.checked_by = person_of(request) if obj.checked_on else None
        publishing.save_record(obj, by=person_of(request))
        if obj.withdrawn_on and "withdrawn_on" in form.changed_data:
            self._warn_of_twins(request, obj)

    def _warn_of_twins(self, request: HttpRequest, source: Source) -> None:
        """Lists the other sources for a paper that was just marked as withdrawn."""
        others = Source.objects.exclude(pk=source.pk).filter(withdrawn_on=None)
        for other, field in others.known_by(source.identities()):
            sentence = '<a href="{}">[@{}]</a> has the same {} and is not marked as withdrawn.'
            address = self.desk_url("change", other.pk)
            warning = format_html(sentence, address, other.key, LABELS[field])
            self.message_user(request, warning, messages.WARNING)

    def delete_model(self, request: HttpRequest, obj: Source) -> None:
        publishing.delete_record(obj, by=person_of(request))

    # For the citation picker ---------------------------------------------------------

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """The picker adds a source in a pop-up window, which returns its key."""
        return to_field == "key" or super().to_field_allowed(request, to_field)

    def get_urls(self) -> list[Any]:
        return [self.desk_path("pick/", self.pick_view, "pick"), *super().get_urls()]

    def pick_view(self, request: HttpRequest) -> JsonResponse:
        """The sources in which every word of `?q=` is found, those that are withdrawn last."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = Source.objects.all()
        words = request.GET.get("q", "").replace("\x00", "").lower().split()[:10]
        for word in words:
            found = Q(year=word) if word.isascii() and word.isdigit() and len(word) < 5 else Q()
            for field in SEARCHED:
                found |= Q(**{f"{field}__holds": word})
            rows = rows.filter(found)
        if words:
            # The best match is a key that starts with the word, then a source not withdrawn.
            rows = rows.order_by(
                Case(When(key__startswith=words[0], then=0), default=1),
                F("withdrawn_on").asc(nulls_first=True),
                "key",
            )
        rows = rows[:PICKED]
        return JsonResponse({"sources": [_picked(row) for row in rows]})


def _picked(source: Source) -> dict[str, Any]:
    return {
        "key": source.key,
        "title": source.title,
        "authors": source.authors,
        "year": source.year,
        "withdrawn": source.withdrawn_on is not None,
    }


def _cited(source: Source) -> bool:
    return Citation.objects.filter(source_key=source.key).exists()
