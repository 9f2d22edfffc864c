"""The page behind a preview link: a draft, for people without an account."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from causes.preview_links import shared_revision
from causes.public.errors import gone, link_closed
from causes.reading import read_revision


def preview(request: HttpRequest, token: str) -> HttpResponse:
    """One revision, while its link is open. Never cached, and hidden from search engines."""
    response = _answer(request, token)
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    found = shared_revision(token)
    if found is None:
        raise Http404
    link, revision = found
    if not link.open:
        return link_closed(request)
    if revision.withheld_at:
        return gone(request)
    context = {
        "reading": read_revision(revision),
        "title": revision.title,
        "entry": revision.entry,
        "revision": revision,
        "open_until": link.expires_at,
    }
    return render(request, "preview.html", context)
