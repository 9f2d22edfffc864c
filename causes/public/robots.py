"""robots.txt."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from causes.public.absolute import absolute
from causes.public.cacheable import cacheable


@cacheable()
def robots(request: HttpRequest) -> HttpResponse:
    """Keeps crawlers from search results, and names the sitemap.

    It does not tell where the desk is, whose pages say themselves that they are not to be listed.
    """
    lines = [
        "User-agent: *",
        "Disallow: /search/",
        f"Sitemap: {absolute(request, reverse('sitemap'))}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
