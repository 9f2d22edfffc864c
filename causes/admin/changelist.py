"""The change list of entries: its filters, and its columns in a fixed number of queries."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

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
    TextChoices,
)
from django.http import HttpRequest

from causes.models import Category, Publication, Revision, Tag, TaggedRevision
from causes.queries.arrays import AsArrays
from causes.states import State, Step, at_step, in_state, with_facts


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
    return with_facts(entries).prefetch_related(
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


class DerivedFilter(EntryFilter):
    """By state or by step, which are not stored but derived from publications and events."""

    choice: type[TextChoices]
    find: ClassVar[Callable[..., Any]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(self.choice.choices)

    def condition(self, value: str) -> Q | Exists:
        if value not in self.choice.values:
            return Q()
        # As a subquery, so that the list does not derive the states of all rows again.
        found = self.find(value)
        return Exists(found.order_by().filter(pk=OuterRef("pk")))


class StateFilter(DerivedFilter):
    """Draft, scheduled, live, live with a newer draft, taken down."""

    title = parameter_name = "state"
    choice, find = State, staticmethod(in_state)


class StepFilter(DerivedFilter):
    """How far the newest revision is on its way to the public."""

    title, parameter_name = "newest text", "step"
    choice, find = Step, staticmethod(at_step)


class NameFilter(EntryFilter):
    """By a category or a tag of the newest revision, also under its old names."""

    model: type[Category | Tag]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(self.model.objects.current().values_list("slug", "name"))

    def named(self, value: str) -> Q:
        """The rows that link to the name with this slug."""
        name = self.parameter_name
        return Q(**{f"{name}__slug": value}) | Q(**{f"{name}__merged_into__slug": value})


class CategoryFilter(NameFilter):
    """By the category of the newest revision."""

    title = parameter_name = "category"
    model = Category

    def condition(self, value: str) -> Q | Exists:
        return Exists(newest_of().filter(self.named(value)))


class TagFilter(NameFilter):
    """By a tag of the newest revision."""

    title = parameter_name = "tag"
    model = Tag

    def condition(self, value: str) -> Q | Exists:
        links = TaggedRevision.objects.filter(content_object=OuterRef("pk"))
        return Exists(newest_of().filter(Exists(links.filter(self.named(value)))))
