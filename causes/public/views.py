"""The pages that visitors read. They show only texts that are live."""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render

from causes import search as searching
from causes.addresses import address, addresses, fixed_address
from causes.lists import (
    Link,
    causes_a_to_z,
    causes_by_category,
    causes_of,
    cited_sources,
    counts,
    entries_citing,
    taxa_with_causes,
    taxon_at,
)
from causes.models import Category, Entry, Publication, Redirect, Source, Tag
from causes.models.entry import INTRODUCTION
from causes.public.absolute import base
from causes.public.cacheable import cacheable
from causes.public.errors import gone
from causes.public.paging import existing, page_number, paged_path
from causes.public.structured import breadcrumb_data, cause_data
from causes.reading import CitedSource, article_page, basis, read_live
from causes.text.characters import legal_page
from causes.text.names import initial

HOME_SIZE = 4
"""The number of causes of each category on the home page; the category's page has the rest."""

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
    data: Callable[[str], str] | None = None,
) -> HttpResponse:
    """Renders a page with title, canonical URL, description and breadcrumbs.

    `data` makes the structured data of the page from its canonical URL.
    """
    where, start = addresses(), base(request)
    home, canonical = where.fixed("home"), start + path
    trail = [("Home", home), *crumbs] if path != home else []
    context |= {
        "url": where,
        "title": title,
        "canonical": canonical,
        "data": data and data(canonical),
        "description": description,
        "crumbs": trail,
    }
    if trail:
        whole = [(name, start + to) for name, to in [*trail, (title, path)]]
        context["breadcrumb_data"] = breadcrumb_data(whole)
    response = render(request, template, context)
    response.content = legal_page(response.content)
    return response


def _elsewhere(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """A redirect to the address to which an entry has moved, or 410 or 404."""
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
    introduction = read_live(Entry.Kind.PAGE, INTRODUCTION)
    return _show(
        request,
        "home.html",
        {"introduction": introduction, "groups": causes_by_category(HOME_SIZE)},
        title=introduction.title if introduction else "Causes of denervation",
        path=fixed_address("home"),
        description=introduction.summary if introduction else "",
    )


@cacheable("page")
def article(request: HttpRequest) -> HttpResponse:
    page = existing(article_page(page_number(request)))
    introduction = read_live(Entry.Kind.PAGE, INTRODUCTION) if page.number == 1 else None
    return _show(
        request,
        "article.html",
        {"introduction": introduction, "readings": page.rows, "page": page},
        title="The whole article",
        path=paged_path(fixed_address("article"), page),
        description=introduction.summary if introduction else "",
    )


@cacheable("page")
def causes(request: HttpRequest) -> HttpResponse:
    page = existing(causes_a_to_z(page_number(request)))
    groups = groupby(page.rows, lambda card: initial(card.title))
    letters = [(letter, list(group)) for letter, group in groups]
    return _show(
        request,
        "causes.html",
        {"letters": letters, "page": page},
        title="All causes, A to Z",
        path=paged_path(fixed_address("causes"), page),
        description="Every cause of denervation on this site, in alphabetical order.",
    )


@cacheable(basis=partial(basis, Entry.Kind.CAUSE))
def cause(request: HttpRequest, slug: str) -> HttpResponse:
    reading = read_live(Entry.Kind.CAUSE, slug)
    if reading is None:
        return _elsewhere(request, Entry.Kind.CAUSE, slug)
    where = addresses()
    crumbs = [("Causes", where.fixed("causes"))]
    if reading.category:
        crumbs.append((reading.category.name, reading.category.address))
    return _show(
        request,
        "cause.html",
        {"reading": reading},
        title=reading.title,
        path=where.of("cause", slug),
        description=reading.summary,
        crumbs=crumbs,
        data=partial(cause_data, reading),
    )


@cacheable(basis=partial(basis, Entry.Kind.PAGE))
def page(request: HttpRequest, slug: str) -> HttpResponse:
    if slug == INTRODUCTION:
        return HttpResponsePermanentRedirect(fixed_address("home"))
    reading = read_live(Entry.Kind.PAGE, slug)
    if reading is None:
        return _elsewhere(request, Entry.Kind.PAGE, slug)
    return _show(
        request,
        "page.html",
        {"reading": reading, "contact": slug == "contact", "email": settings.CONTACT_EMAIL},
        title=reading.title,
        path=address("page", slug),
        description=reading.summary,
    )


@cacheable()
def categories(request: HttpRequest) -> HttpResponse:
    return _show(
        request,
        "categories.html",
        {"rows": counts(Category)},
        title="Categories",
        path=fixed_address("categories"),
        description="The groups into which the causes of denervation fall.",
    )


@cacheable()
def tags(request: HttpRequest) -> HttpResponse:
    return _show(
        request,
        "tags.html",
        {"rows": counts(Tag)},
        title="Tags",
        path=fixed_address("tags"),
        description="Words that causes of denervation have in common.",
    )


@cacheable("page")
def category(request: HttpRequest, slug: str) -> HttpResponse:
    return _taxon(request, "category", slug, ("Categories", fixed_address("categories")))


@cacheable("page")
def tag(request: HttpRequest, slug: str) -> HttpResponse:
    return _taxon(request, "tag", slug, ("Tags", fixed_address("tags")))


def _taxon(request: HttpRequest, kind: str, slug: str, parent: Crumb) -> HttpResponse:
    found = taxon_at(kind, slug)
    if found is None:
        raise Http404
    page = causes_of(kind, found.pk, page_number(request))
    if not page.rows:
        raise Http404
    if found.moved_to:
        return HttpResponsePermanentRedirect(found.moved_to)
    taxon = found.taxon
    return _show(
        request,
        "taxon.html",
        {"taxon": taxon, "kind": kind, "page": page},
        title=taxon.name,
        path=paged_path(taxon.address, page),
        description=taxon.description or f"Causes of denervation in the {kind} “{taxon.name}”.",
        crumbs=[parent],
    )


@cacheable("page")
def sources(request: HttpRequest) -> HttpResponse:
    page = existing(cited_sources(page_number(request)))
    page.rows = [(source.get_kind_display(), CitedSource.of(source)) for source in page.rows]
    return _show(
        request,
        "sources.html",
        {"page": page},
        title="Sources",
        path=paged_path(fixed_address("sources"), page),
        description="Every source that the texts on this site rest on.",
    )


@cacheable("page")
def source(request: HttpRequest, key: str) -> HttpResponse:
    found = Source.objects.filter(key=key).first()
    if found is None:
        raise Http404
    page = entries_citing(key, page_number(request))
    if not page.rows:
        raise Http404
    return _show(
        request,
        "source.html",
        {"source": found, "page": page},
        title=found.title,
        path=paged_path(found.get_absolute_url(), page),
        description=f"{found.authors_sentence} Where this site cites it.",
        crumbs=[("Sources", fixed_address("sources"))],
    )


@cacheable("q", "page")
def search(request: HttpRequest) -> HttpResponse:
    question = " ".join(request.GET.get("q", "").replace("\x00", " ").split())
    number = page_number(request)
    results = searching.search(question, page=number)
    last = -(-min(results.total, searching.COUNTED) // searching.PAGE_SIZE)
    if number > max(last, 1):
        raise Http404
    context = {
        "question": question[: searching.query.LONGEST],
        "results": results,
        "number": number,
        "last": last,
        "previous": number - 1,
        "next": number + 1 if number < last else 0,
        "query": urlencode({"q": question}),
        "suggestions": [] if results.hits else _suggestions(),
    }
    title = f"Search: {question[:60]}" if question else "Search"
    return _show(request, "search.html", context, title=title, path=fixed_address("search"))


def _suggestions() -> list[Link]:
    return [Link.to(tag) for tag in taxa_with_causes(Tag).order_by("sort_name")[:12]]
