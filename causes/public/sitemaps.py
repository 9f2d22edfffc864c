"""The sitemap, by the protocol of sitemaps.org (version 0.9)."""

from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from django.db.models import F, Max, TextField
from django.db.models.functions import Cast
from django.http import Http404, HttpRequest, HttpResponse

from causes.addresses import addresses, fixed_address
from causes.clock import now
from causes.lists import taxa_with_causes
from causes.models import Category, Listing, Tag
from causes.models.entry import entry_address
from causes.public.absolute import absolute, base
from causes.public.cacheable import cacheable
from causes.public.paging import page_number
from causes.queries.prepared import Prepared

LARGEST = 50_000
"""The most addresses that the protocol allows in one file; more take several files."""

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


@cacheable("page")
def sitemap(request: HttpRequest) -> HttpResponse:
    """All public addresses, or an index of files if there are too many for one file."""
    moment = now()
    live = Listing.objects.live(moment)
    count = live.count()
    pages = -(-count // LARGEST)
    if request.GET.get("page"):
        number = page_number(request)
        if number > max(pages, 1):
            raise Http404
        start = (number - 1) * LARGEST
    elif pages > 1:
        return _index(request, pages)
    else:
        start = 0
    rows = _lines(at=moment, limit=LARGEST, offset=start)
    # Slugs hold letters, digits and hyphens, so addresses need no escaping.
    start_of, where = base(request), addresses()
    lines = [
        f"<url><loc>{start_of}{entry_address(kind, slug, where)}</loc>"
        f"<lastmod>{_stamp(begun)}</lastmod></url>"
        for kind, slug, begun in rows
    ]
    if not start and rows:
        newest = live.aggregate(newest=_as_text(Max("live_from")))["newest"]
        lines += [
            f"<url><loc>{start_of}{where.fixed(name)}</loc><lastmod>{_stamp(newest)}</lastmod></url>"
            for name in ("article", "causes", "sources")
        ]
        for model, name in ((Category, "category"), (Tag, "tag")):
            slugs = taxa_with_causes(model).values_list("slug", flat=True)
            lines += [f"<url><loc>{start_of}{where.of(name, slug)}</loc></url>" for slug in slugs]
    return _xml("\n".join([f"{_HEAD}<urlset {_NAMESPACE}>", *lines, "</urlset>\n"]))


def _as_text(moment: Any) -> Cast:
    """A moment as text in UTC: converting thousands to datetimes would cost more than the rest."""
    return Cast(moment, TextField())


@Prepared
def _lines(at: datetime) -> Any:
    rows = Listing.objects.live(at).order_by("slug")
    return rows.values_list("kind", "slug", _as_text(F("live_from")))


def _stamp(moment: str) -> str:
    return f"{moment[:10]}T{moment[11:19]}Z"


def _index(request: HttpRequest, pages: int) -> HttpResponse:
    own = absolute(request, fixed_address("sitemap"))
    files = "".join(
        f"<sitemap><loc>{escape(own)}?page={number}</loc></sitemap>\n"
        for number in range(1, pages + 1)
    )
    return _xml(f"{_HEAD}<sitemapindex {_NAMESPACE}>\n{files}</sitemapindex>\n")


def _xml(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="application/xml; charset=utf-8")
