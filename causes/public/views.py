"""The pages that visitors read. Each shows what `Publication.objects.live()` allows."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import EmptyPage, PageNotAnInteger, Paginator
from django.core.paginator import Page as PageOfRows
from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import Coalesce, Lower, RowNumber
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import reverse

from causes import search as searching
from causes.models import Category, Entry, Publication, Redirect, Source, Tag
from causes.models.entry import INTRODUCTION
from causes.public.address import absolute
from causes.public.cacheable import cacheable
from causes.public.errors import gone
from causes.public.structured import breadcrumb_data, cause_data
from causes.reading import Reading, read, read_together

PAGE_SIZE = 20
A_TO_Z_SIZE = 100
HOME_SIZE = 12
"""Causes shown of each category on the home page; the rest is on the category's own."""

Crumb = tuple[str, str]


def _show(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    title: str,
    path: str,
    description: str = "",
    crumbs: Iterable[Crumb] = (),
) -> HttpResponse:
    """Renders a page with what every page has: title, address, description, breadcrumbs."""
    trail = [("Home", reverse("home")), *crumbs] if path != reverse("home") else []
    context |= {
        "title": title,
        "canonical": absolute(request, path),
        "description": description,
        "crumbs": trail,
        "breadcrumb_data": breadcrumb_data(
            [(name, absolute(request, where)) for name, where in [*trail, (title, path)]]
        ),
    }
    return render(request, template, context)


def _page_of(request: HttpRequest, rows: QuerySet[Any], size: int) -> PageOfRows[Any]:
    """The page of a list that `?page=` asks for; one that is not there is a 404."""
    try:
        return Paginator(rows, size).page(request.GET.get("page", "1"))
    except (PageNotAnInteger, EmptyPage) as error:
        raise Http404 from error


def _paged_path(path: str, page: PageOfRows[Any], **query: str) -> str:
    if page.number > 1:
        query["page"] = str(page.number)
    return f"{path}?{urlencode(query)}" if query else path


def _live_entry(request: HttpRequest, kind: str, slug: str) -> Publication | HttpResponse:
    """What is live under a slug, or the way to where its entry has moved, or that it is gone."""
    rows = Publication.objects.live().select_related("entry", "revision__category__merged_into")
    found = rows.with_tags().filter(entry__kind=kind, entry__slug=slug).first()
    if found:
        return found
    moved = Redirect.objects.filter(slug=slug, entry__kind=kind).select_related("entry").first()
    if moved and Publication.objects.live().filter(entry=moved.entry).exists():
        return HttpResponsePermanentRedirect(moved.entry.get_absolute_url())
    shown = Publication.objects.begun().filter(entry__kind=kind)
    own = Q(entry=moved.entry) if moved else Q(entry__slug=slug)
    last = shown.filter(own).select_related("revision").order_by("-live_from").first()
    if last and last.revision.withheld_at:
        return gone(request)
    raise Http404


@cacheable()
def home(request: HttpRequest) -> HttpResponse:
    introduction = _introduction()
    category = Coalesce("revision__category__merged_into", "revision__category")
    ranked = (
        Publication.objects.live()
        .of_causes()
        .annotate(
            shown_category=category,
            place=Window(
                RowNumber(), partition_by=[F("shown_category")], order_by=Lower("revision__title")
            ),
            size=Window(Count("pk"), partition_by=[F("shown_category")]),
        )
        .filter(place__lte=HOME_SIZE)
    )
    sizes = {row["pk"]: row["size"] for row in ranked.values("pk", "size")}
    groups: dict[Category, list[Publication]] = {}
    counts: dict[Category, int] = {}
    for publication in _in_order(Publication.objects.filter(pk__in=sizes).for_lists()):
        shown = publication.revision.shown_category
        groups.setdefault(shown, []).append(publication)
        counts[shown] = sizes[publication.pk]
    context = {
        "introduction": introduction and read(introduction),
        "groups": [(shown, counts[shown], rows) for shown, rows in groups.items()],
    }
    title = introduction.revision.title if introduction else "Causes of denervation"
    return _show(
        request,
        "public/home.html",
        context,
        title=title,
        path=reverse("home"),
        description=introduction.revision.summary if introduction else "",
    )


def _in_order(rows: Any) -> Any:
    """The order of the article: by category, as the editors number these, then by title."""
    return rows.alias(
        category_position=Coalesce(
            "revision__category__merged_into__position", "revision__category__position"
        ),
        category_name=Coalesce(
            "revision__category__merged_into__folded", "revision__category__folded"
        ),
    ).order_by("category_position", "category_name", Lower("revision__title"), "entry__slug")


@cacheable("page")
def article(request: HttpRequest) -> HttpResponse:
    causes_rows = Publication.objects.live().of_causes().with_tags()
    causes_rows = causes_rows.select_related("entry", "revision__category__merged_into")
    page = _page_of(request, _in_order(causes_rows), PAGE_SIZE)
    opening = _introduction() if page.number == 1 else None
    rows = [opening, *page.object_list] if opening else list(page.object_list)
    readings = read_together(rows)
    introduction = readings.pop(0) if opening else None
    return _show(
        request,
        "public/article.html",
        {"introduction": introduction, "readings": readings, "page": page},
        title="The whole article",
        path=_paged_path(reverse("article"), page),
        description=introduction.summary if introduction else "",
    )


def _introduction() -> Publication | None:
    rows = Publication.objects.live().of_pages().filter(entry__slug=INTRODUCTION)
    return rows.select_related("entry", "revision__category").with_tags().first()


@cacheable("page")
def causes(request: HttpRequest) -> HttpResponse:
    rows = Publication.objects.live().of_causes().for_lists()
    page = _page_of(request, rows.order_by(Lower("revision__title"), "entry__slug"), A_TO_Z_SIZE)
    letters = [
        (letter, list(group))
        for letter, group in groupby(page.object_list, key=lambda p: _letter(p.revision.title))
    ]
    return _show(
        request,
        "public/causes.html",
        {"letters": letters, "page": page},
        title="All causes, A to Z",
        path=_paged_path(reverse("causes"), page),
        description="Every cause of denervation on this site, in alphabetical order.",
    )


def _letter(title: str) -> str:
    first = title.lstrip()[:1].upper()
    return first if first.isalpha() else "0–9"


@cacheable()
def cause(request: HttpRequest, slug: str) -> HttpResponse:
    found = _live_entry(request, Entry.Kind.CAUSE, slug)
    if isinstance(found, HttpResponse):
        return found
    reading = read(found)
    crumbs = [("Causes", reverse("causes"))]
    if reading.category:
        crumbs.append((reading.category.name, reading.category.get_absolute_url()))
    path = found.get_absolute_url()
    return _show(
        request,
        "public/cause.html",
        {"reading": reading, "data": cause_data(reading, absolute(request, path))},
        title=reading.title,
        path=path,
        description=reading.summary,
        crumbs=crumbs,
    )


@cacheable()
def page(request: HttpRequest, slug: str) -> HttpResponse:
    if slug == INTRODUCTION:
        return HttpResponsePermanentRedirect(reverse("home"))
    found = _live_entry(request, Entry.Kind.PAGE, slug)
    if isinstance(found, HttpResponse):
        return found
    reading: Reading = read(found)
    context = {"reading": reading, "contact": slug == "contact", "email": settings.CONTACT_EMAIL}
    return _show(
        request,
        "public/page.html",
        context,
        title=reading.title,
        path=found.get_absolute_url(),
        description=reading.summary,
    )


@cacheable()
def categories(request: HttpRequest) -> HttpResponse:
    counted = _live_counts("revision__category__merged_into", "revision__category")
    rows = [(row, counted[row.pk]) for row in Category.objects.filter(pk__in=counted)]
    return _show(
        request,
        "public/categories.html",
        {"rows": rows},
        title="Categories",
        path=reverse("categories"),
        description="The groups into which the causes of denervation fall.",
    )


@cacheable()
def tags(request: HttpRequest) -> HttpResponse:
    links = "revision__tag_links__tag"
    counted = _live_counts(f"{links}__merged_into", links)
    rows = [(row, counted[row.pk]) for row in Tag.objects.filter(pk__in=counted)]
    return _show(
        request,
        "public/tags.html",
        {"rows": rows},
        title="Tags",
        path=reverse("tags"),
        description="Words that causes of denervation have in common.",
    )


def _live_counts(canonical: str, own: str) -> dict[int, int]:
    """How many live causes each category or tag has, under all its names."""
    rows = Publication.objects.live().of_causes().annotate(shown=Coalesce(canonical, own))
    counts = rows.exclude(shown=None).order_by().values_list("shown")
    return dict(counts.annotate(Count("pk", distinct=True)))


@cacheable("page")
def category(request: HttpRequest, slug: str) -> HttpResponse:
    return _taxon(request, Category, slug, "category", ("Categories", reverse("categories")))


@cacheable("page")
def tag(request: HttpRequest, slug: str) -> HttpResponse:
    return _taxon(request, Tag, slug, "tag", ("Tags", reverse("tags")))


def _taxon(
    request: HttpRequest, model: type[Category] | type[Tag], slug: str, name: str, parent: Crumb
) -> HttpResponse:
    found = model.objects.filter(slug=slug).select_related("merged_into").first()
    if found is None:
        raise Http404
    rows = model.live_publications(found.canonical).for_lists()
    page = _page_of(request, rows.order_by(Lower("revision__title"), "entry__slug"), PAGE_SIZE)
    if not page.paginator.count:
        raise Http404
    if found.merged_into:
        return HttpResponsePermanentRedirect(found.merged_into.get_absolute_url())
    return _show(
        request,
        "public/taxon.html",
        {"taxon": found, "kind": name, "page": page},
        title=found.name,
        path=_paged_path(found.get_absolute_url(), page),
        description=getattr(found, "description", "")
        or f"Causes of denervation in the {name} “{found.name}”.",
        crumbs=[parent],
    )


@cacheable("page")
def sources(request: HttpRequest) -> HttpResponse:
    page = _page_of(request, Source.objects.with_live().order_by("authors", "year", "key"), 50)
    return _show(
        request,
        "public/sources.html",
        {"page": page},
        title="Sources",
        path=_paged_path(reverse("sources"), page),
        description="Every source that the texts on this site rest on.",
    )


@cacheable("page")
def source(request: HttpRequest, key: str) -> HttpResponse:
    found = Source.objects.filter(key=key).first()
    if found is None:
        raise Http404
    rows = (
        Source.live_publications(key).for_lists().order_by(Lower("revision__title"), "entry__slug")
    )
    page = _page_of(request, rows, PAGE_SIZE)
    if not page.paginator.count:
        raise Http404
    return _show(
        request,
        "public/source.html",
        {"source": found, "page": page},
        title=found.title,
        path=_paged_path(found.get_absolute_url(), page),
        description=f"{found.authors_sentence} Where this site cites it.",
        crumbs=[("Sources", reverse("sources"))],
    )


@cacheable("q", "page")
def search(request: HttpRequest) -> HttpResponse:
    question = " ".join(request.GET.get("q", "").replace("\x00", " ").split())
    asked = request.GET.get("page", "1")
    if not (asked.isascii() and asked.isdigit() and 1 <= len(asked) <= 6 and int(asked) >= 1):
        raise Http404
    number = int(asked)
    results = searching.search(question, page=number)
    if number > 1 and not results.hits:
        raise Http404
    last = -(-results.total // searching.PAGE_SIZE)
    context = {
        "question": question[: searching.query.LONGEST],
        "results": results,
        "number": number,
        "last": last,
        "previous": urlencode({"q": question, "page": number - 1}) if number > 1 else "",
        "next": urlencode({"q": question, "page": number + 1}) if number < last else "",
        "suggestions": [] if results.hits else _suggestions(),
    }
    title = f"Search: {question[:60]}" if question else "Search"
    return _show(request, "public/search.html", context, title=title, path=reverse("search"))


def _suggestions() -> list[Tag]:
    return list(Tag.objects.with_live().order_by("folded")[:12])
