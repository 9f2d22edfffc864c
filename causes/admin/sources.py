"""Sources at the desk."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, F, Q, When
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils.html import format_html

from causes import publishing
from causes.admin.keeping import KeepsText
from causes.models import Citation, Source
from causes.text.identifiers import LABELS, TIDY, identities

PICKED = 20
SEARCHED = ("key", "authors", "title", "published_in", "doi", "pmid", "pmcid", "url")
SEARCHED_SAID = "key, authors, title, where it was published, DOI, PMID, PMCID and address"


class Pasted(forms.CharField):
    """A DOI, PMID or PMCID in whatever form it is pasted: the longest is an address."""

    def __init__(self, name: str, **kwargs: Any) -> None:
        self.tidy = TIDY[name]
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        return self.tidy(super().to_python(value) or "")

    def widget_attrs(self, widget: Any) -> dict[str, Any]:
        # No limit while it is pasted: a browser would cut an address off without a word.
        return {}


class SourceForm(forms.ModelForm):
    """Points out a paper that stands here already, and saves it twice if that is meant."""

    TWICE = "twice"
    """The name of the boxes, one for each source that is the same paper."""

    twins: tuple[tuple[Source, bool], ...] = ()
    """The same paper again, and whether somebody ticked that it is meant."""

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        before = identities({name: self.get_initial_for_field(self.fields[name], name) or ""
                             for name in TIDY if name in self.fields})  # fmt: skip
        now = identities({name: data.get(name, "") for name in TIDY})
        others = Source.objects.exclude(pk=self.instance.pk)
        found = others.known_by(now.keys() - before.keys()) if now.keys() - before.keys() else []
        meant = set(self.data.getlist(self.TWICE))
        self.twins = tuple((source, source.key in meant) for source, _ in found)
        for source, field in found:
            if source.key not in meant:
                self.add_error(None, f"[@{source.key}] has the same {LABELS[field]}.")
        return data


class CheckedFilter(admin.SimpleListFilter):
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
class SourceAdmin(KeepsText, admin.ModelAdmin):
    form = SourceForm
    change_form_template = "admin/causes/source/change_form.html"
    list_display = ("key", "kind", "authors", "title", "year", "checked_on", "withdrawn_on")
    list_filter = ("kind", CheckedFilter)
    search_fields = tuple(f"{name}__holds" for name in SEARCHED)
    search_help_text = f"Searches {SEARCHED_SAID}."
    ordering = ("key",)
    actions = None
    fieldsets = (
        (None, {"fields": ("key", "kind", "authors", "title", "published_in", "year")}),
        ("Where to read it", {"fields": ("doi", "pmid", "pmcid", "url")}),
        ("Can it be relied on?", {"fields": ("checked_on", "withdrawn_on", "withdrawn_reason")}),
    )

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in ("doi", "pmid", "pmcid"):
            kwargs["form_class"] = partial(Pasted, db_field.name)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("key",) if obj and _cited(obj) else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What a text cites, even an old one, is withdrawn and not deleted."""
        return super().has_delete_permission(request, obj) and (obj is None or not _cited(obj))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if "checked_on" in form.changed_data:
            obj.checked_by = request.user if obj.checked_on else None
        publishing.save_record(obj, by=request.user)
        if obj.withdrawn_on and "withdrawn_on" in form.changed_data:
            self._tell_of_twins(request, obj)

    def _tell_of_twins(self, request: HttpRequest, source: Source) -> None:
        """A paper that was withdrawn and stands here twice is marked in one place only."""
        others = Source.objects.exclude(pk=source.pk).filter(withdrawn_on=None)
        for other, field in others.known_by(source.identities()):
            sentence = '<a href="{}">[@{}]</a> has the same {} and is not marked as withdrawn.'
            address = self._address("change", other.pk)
            told = format_html(sentence, address, other.key, LABELS[field])
            self.message_user(request, told, messages.WARNING)

    def delete_model(self, request: HttpRequest, obj: Source) -> None:
        publishing.delete_record(obj, by=request.user)

    # For the citation picker ---------------------------------------------------------

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """A source that is added from the picker is handed back by its key."""
        return to_field == "key" or super().to_field_allowed(request, to_field)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.pick_view)
        return [path("pick/", view, name="causes_source_pick"), *super().get_urls()]

    def pick_view(self, request: HttpRequest) -> JsonResponse:
        """Sources that hold every word asked for, anywhere; those that can be relied on first."""
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
            # A key that begins so is most likely meant, then one that can be relied on.
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
