"""The sitemap, by the protocol of sitemaps.org (version 0.9)."""

from datetime import datetime
from xml.sax.saxutils import escape

from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from causes.models import Category, Entry, Publication, Tag
from causes.models.entry import INTRODUCTION
from causes.public.address import absolute
from causes.public.cacheable import cacheable

LARGEST = 50_000
"""Addresses in one file, as the protocol says; more are spread over several."""

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


@cacheable("page")
def sitemap(request: HttpRequest) -> HttpResponse:
    """All public addresses, or an index of files when they are more than fit in one."""
    live = Publication.objects.live().order_by("entry__slug")
    count = live.count()
    wanted = request.GET.get("page", "")
    pages = -(-count // LARGEST)
    if wanted:
        if not (wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= max(pages, 1)):
            raise Http404
        start = (int(wanted) - 1) * LARGEST
    elif pages > 1:
        return _index(request, pages)
    else:
        start = 0
    rows = live.values_list("entry__kind", "entry__slug", "live_from")[start : start + LARGEST]
    addresses: list[tuple[str, datetime | None]] = [
        (_address(kind, slug), moment) for kind, slug, moment in rows
    ]
    newest = live.aggregate(Max("live_from"))["live_from__max"]
    if not start and newest:
        addresses += [(reverse(name), newest) for name in ("article", "causes", "sources")]
        for model, name in ((Category, "category"), (Tag, "tag")):
            slugs = model.objects.with_live().values_list("slug", flat=True)
            addresses += [(reverse(name, args=[slug]), None) for slug in slugs]
    return _xml(
        f"{_HEAD}<urlset {_NAMESPACE}>\n"
        + "".join(_entry(request, path, moment) for path, moment in addresses)
        + "</urlset>\n"
    )


def _address(kind: str, slug: str) -> str:
    if kind == Entry.Kind.CAUSE:
        return f"{reverse('causes')}{slug}/"
    return "/" if slug == INTRODUCTION else f"/{slug}/"


def _entry(request: HttpRequest, path: str, moment: datetime | None) -> str:
    dated = f"<lastmod>{moment:%Y-%m-%dT%H:%M:%SZ}</lastmod>" if moment else ""
    return f"<url><loc>{escape(absolute(request, path))}</loc>{dated}</url>\n"


def _index(request: HttpRequest, pages: int) -> HttpResponse:
    base = absolute(request, reverse("sitemap"))
    files = "".join(
        f"<sitemap><loc>{escape(base)}?page={number}</loc></sitemap>\n"
        for number in range(1, pages + 1)
    )
    return _xml(f"{_HEAD}<sitemapindex {_NAMESPACE}>\n{files}</sitemapindex>\n")


def _xml(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="application/xml; charset=utf-8")
