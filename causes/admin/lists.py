"""The list of entries: filters, and the columns read in a fixed number of queries."""

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

from causes.models import Category, Publication, Revision, Tag, TaggedRevision
from causes.queries.arrays import AsArrays
from causes.states import State, Step, at_step, in_state, with_facts


def newest_of() -> Any:
    """The newest revision of the entry that an outer query looks at."""
    newest = Revision.objects.filter(entry=OuterRef("pk"), number=OuterRef("last_number"))
    return newest.order_by()


def holding(words: Iterable[str]) -> Any:
    """The same, if each of the words is in its title, its summary or the entry's slug."""
    found = newest_of().annotate(slug=ExpressionWrapper(OuterRef("slug"), CharField()))
    for word in words:
        here = Q(title__holds=word) | Q(summary__holds=word) | Q(slug__holds=word)
        found = found.filter(here)
    return found


class EntryList(ChangeList):
    """Asks for the columns of the rows on the page alone, once it is known which these are.

    Asked together with the order of all rows, PostgreSQL gathers what they need for all.
    """

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        shown = [entry.pk for entry in self.result_list]
        found = with_columns(self.model._default_manager).in_bulk(shown)
        self.result_list = [found[pk] for pk in shown if pk in found]


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
        .annotate(tags_today=AsArrays(tags.order_by(), "sort_name", "name"))
    )
    live = Publication.objects.live().only("entry", "live_from")
    return with_facts(entries).prefetch_related(
        Prefetch("revisions", newest, to_attr="newest_rows"),
        Prefetch("publications", live, to_attr="live_rows"),
    )


def _among(entries: Any) -> Exists:
    """Whether the row of an outer query is one of these, without reading their state again."""
    return Exists(entries.order_by().filter(pk=OuterRef("pk")))


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(State.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Any] | None:
        if self.value() not in State.values:
            return None
        return queryset.filter(_among(in_state(self.value())))


class StepFilter(admin.SimpleListFilter):
    title = "newest text"
    parameter_name = "step"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Step.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Any] | None:
        if self.value() not in Step.values:
            return None
        return queryset.filter(_among(at_step(self.value())))


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
