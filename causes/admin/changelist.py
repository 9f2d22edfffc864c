"""The change list of entries: its filters, and its columns in a fixed number of queries."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import (
    CharField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
)
from django.http import HttpRequest

from causes.models import Category, Entry, Publication, Revision, Tag, TaggedRevision
from causes.queries.arrays import AsArrays


def newest_of() -> Any:
    """The newest revision of the entry in the outer query."""
    newest = Revision.objects.filter(entry=OuterRef("pk"), number=OuterRef("last_number"))
    return newest.order_by()


def holding(words: Iterable[str]) -> Any:
    """The same, if its title, its summary or the entry's slug holds each of the words."""
    found = newest_of().annotate(slug=ExpressionWrapper(OuterRef("slug"), CharField()))
    for word in words:
        found = found.filter(Q(title__holds=word) | Q(summary__holds=word) | Q(slug__holds=word))
    return found


class EntryChangeList(ChangeList):
    """Reads the columns for the rows on the page only, once it is known which these are.

    If PostgreSQL reads them together with the order of all rows, it reads them for all rows.
    """

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        listed = [entry.pk for entry in self.result_list]
        found = with_columns(self.model._default_manager).in_bulk(listed)
        self.result_list = [found[pk] for pk in listed if pk in found]


def with_columns(entries: Any) -> Any:
    """Adds the columns of the list: three queries, whatever the number of rows."""
    tags = TaggedRevision.objects.filter(content_object=OuterRef("pk")).as_called_today()
    newest = (
        Revision.objects.newest()
        .select_related("category__merged_into", "author")
        .only(
            *("entry", "title", "created_at", "author__username"),
            *("category__name", "category__merged_into__name"),
        )
        .annotate(tags_today=AsArrays(tags.order_by(), "sort_name", "name"))
    )
    live = Publication.objects.live().only("entry", "live_from")
    return entries.with_state().prefetch_related(
        Prefetch("revisions", newest, to_attr="newest_rows"),
        Prefetch("publications", live, to_attr="live_rows"),
    )


# Filters -------------------------------------------------------------------------------------


class EntryFilter(admin.SimpleListFilter):
    """The base of the filters below."""

    def condition(self, value: str) -> Q | Exists:
        """The entries that this choice leaves in the list."""
        raise NotImplementedError

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(self.condition(value)) if value else queryset


def _among(entries: Any) -> Exists:
    """Whether the row of an outer query is one of these, without reading their state again."""
    return Exists(entries.order_by().filter(pk=OuterRef("pk")))


class StateFilter(EntryFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Entry.State.choices)

    def condition(self, value: str) -> Q | Exists:
        return _among(Entry.objects.in_state(value)) if value in Entry.State.values else Q()


class StepFilter(EntryFilter):
    title = "newest text"
    parameter_name = "step"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Entry.Step.choices)

    def condition(self, value: str) -> Q | Exists:
        return _among(Entry.objects.at_step(value)) if value in Entry.Step.values else Q()


class CategoryFilter(EntryFilter):
    title = "category"
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Category.objects.current().values_list("slug", "name"))

    def condition(self, value: str) -> Q | Exists:
        named = Q(category__slug=value) | Q(category__merged_into__slug=value)
        return Exists(newest_of().filter(named))


class TagFilter(EntryFilter):
    title = "tag"
    parameter_name = "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Tag.objects.current().values_list("slug", "name"))

    def condition(self, value: str) -> Q | Exists:
        links = TaggedRevision.objects.filter(content_object=OuterRef("pk")).filter(
            Q(tag__slug=value) | Q(tag__merged_into__slug=value)
        )
        return Exists(newest_of().filter(Exists(links)))
