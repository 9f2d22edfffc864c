"""ADMIN_NETWORKS: from elsewhere, the desk's addresses are like any others without a page."""

from collections.abc import Callable
from ipaddress import ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from causes.admin.visitor import address_of


class FenceMiddleware:
    """Hides the desk from visitors outside the networks: their URLs are the public ones only.

    It comes before all others, because it chooses the addresses.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._networks = [ip_network(network) for network in settings.ADMIN_NETWORKS]
        self._root = f"/{settings.ADMIN_PATH}/"

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if not self._networks or not f"{path}/".startswith(self._root):
            return self.get_response(request)
        address = address_of(request)
        if address is not None and any(address in network for network in self._networks):
            return self.get_response(request)
        request.urlconf = "denervation_site.public_urls"  # type: ignore[attr-defined]
        response = self.get_response(request)
        if response.get("Cache-Control") == settings.PAGE_CACHE_CONTROL:
            # A CDN would keep this answer for people inside the networks, too.
            response["Cache-Control"] = "no-cache"
        return response
