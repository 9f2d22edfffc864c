"""The headers of every answer: how browsers, proxies and other sites may use it.

`HeadersMiddleware` is the first of all middlewares, so that static files, redirects and errors
have these headers, too. The page cache keeps them with a finished page. A layer outside Django
that answers by itself takes them from `headers_outside_django`.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from causes.public.cacheable import is_cacheable

# https://www.w3.org/TR/CSP3/. Public pages have no scripts; their structured data is no script.
_PUBLIC_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_DESK_POLICY = f"{_PUBLIC_POLICY}; script-src 'self'; connect-src 'self'"

# https://www.w3.org/TR/permissions-policy/. No page uses any of them.
_FEATURES = (
    "accelerometer autoplay browsing-topics camera display-capture fullscreen geolocation "
    "gyroscope hid idle-detection magnetometer microphone midi payment publickey-credentials-get "
    "screen-wake-lock serial usb xr-spatial-tracking"
)
_PERMISSIONS = ", ".join(f"{feature}=()" for feature in _FEATURES.split())

SHARED_STATUSES = (200, 301, 302, 404, 410)
"""Statuses of public pages that a CDN may keep. An error of a moment must not last a minute."""


def security_headers(*, secure: bool, at_the_desk: bool = False) -> dict[str, str]:
    """The headers of an answer over https (`secure`) or http."""
    headers = {
        "Content-Security-Policy": _DESK_POLICY if at_the_desk else _PUBLIC_POLICY,
        "Permissions-Policy": _PERMISSIONS,
        "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
    }
    # Browsers ignore it over http (RFC 6797, section 8.1).
    if secure and settings.SECURE_HSTS_SECONDS:
        headers["Strict-Transport-Security"] = _strict_transport()
    return headers


def _strict_transport() -> str:
    words = [f"max-age={settings.SECURE_HSTS_SECONDS}"]
    words += ["includeSubDomains"] if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else []
    words += ["preload"] if settings.SECURE_HSTS_PRELOAD else []
    return "; ".join(words)


def headers_outside_django(environ: dict[str, Any]) -> list[tuple[str, str]]:
    """The headers of an answer that a WSGI layer makes without Django. It must not be kept."""
    name, value = settings.SECURE_PROXY_SSL_HEADER or ("wsgi.url_scheme", "https")
    headers = security_headers(secure=environ.get(name) == value)
    return [*headers.items(), ("Cache-Control", "no-store")]


def at_the_desk(request: HttpRequest) -> bool:
    """Whether a request is for the editors' desk, where everything is private."""
    # From where the desk is hidden (denervation_site/fence.py), there is none.
    hidden = hasattr(request, "urlconf")
    return not hidden and request.path.startswith(reverse("admin:index"))


class HeadersMiddleware:
    """Gives every answer its headers. It must be the first middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        private = at_the_desk(request)
        headers = security_headers(secure=request.is_secure(), at_the_desk=private)
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", _cache_control(request, response))
        if private:
            patch_vary_headers(response, ["Cookie"])
        return response


def _cache_control(request: HttpRequest, response: HttpResponse) -> str:
    """Public pages may be kept, everything else may not: a proxy would guess otherwise."""
    shared = (
        is_cacheable(request) and response.status_code in SHARED_STATUSES and not response.cookies
    )
    return settings.PAGE_CACHE_CONTROL if shared else "no-store"
