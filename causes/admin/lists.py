"""The list of entries: filters, and the columns read in a fixed number of queries."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest

from causes.models import Category, Entry, Publication, Revision, Tag, TaggedRevision
from causes.models.arrays import AsArrays


def newest_of() -> Any:
    """The newest revision of the entry that an outer query looks at."""
    return Revision.objects.filter(entry=OuterRef("pk"), number=OuterRef("last_number"))


def with_columns(entries: Any) -> Any:
    """Adds what the list shows, whatever the number of rows: three queries."""
    tags = TaggedRevision.objects.filter(content_object=OuterRef("pk")).as_called_today()
    newest = (
        Revision.objects.newest()
        .select_related("category__merged_into", "author")
        .only(
            *("entry", "title", "created_at", "author__username"),
            *("category__name", "category__merged_into__name"),
        )
        .annotate(tags_today=AsArrays(tags.order_by(), "folded", "name"))
    )
    live = Publication.objects.live().only("entry", "live_from")
    return entries.with_state().prefetch_related(
        Prefetch("revisions", newest, to_attr="newest_rows"),
        Prefetch("publications", live, to_attr="live_rows"),
    )


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Entry.State.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Any] | None:
        if self.value() not in Entry.State.values:
            return None
        return queryset.in_state(self.value())


class StepFilter(admin.SimpleListFilter):
    title = "newest text"
    parameter_name = "step"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Entry.Step.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Any] | None:
        if self.value() not in Entry.Step.values:
            return None
        return queryset.at_step(self.value())


class CategoryFilter(admin.SimpleListFilter):
    title = "category"
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Category.objects.current().values_list("slug", "name"))

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Any] | None:
        if not self.value():
            return None
        named = Q(category__slug=self.value()) | Q(category__merged_into__slug=self.value())
        return queryset.filter(Exists(newest_of().filter(named)))


class TagFilter(admin.SimpleListFilter):
    title = "tag"
    parameter_name = "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Tag.objects.current().values_list("slug", "name"))

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Any] | None:
        if not self.value():
            return None
        links = TaggedRevision.objects.filter(content_object=OuterRef("pk")).filter(
            Q(tag__slug=self.value()) | Q(tag__merged_into__slug=self.value())
        )
        return queryset.filter(Exists(newest_of().filter(Exists(links))))
