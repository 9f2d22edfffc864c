"""Absolute URLs, where a path is not enough."""

from django.conf import settings
from django.http import HttpRequest


def absolute(request: HttpRequest, path: str) -> str:
    """The absolute URL of a path: under SITE_URL if it is set, else under the requested host."""
    return base(request) + path


def base(request: HttpRequest) -> str:
    """The part of every absolute URL before its path."""
    return settings.SITE_URL or f"{request.scheme}://{request.get_host()}"
