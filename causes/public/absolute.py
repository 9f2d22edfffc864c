"""Whole addresses, for where a path is not enough."""

from django.conf import settings
from django.http import HttpRequest


def absolute(request: HttpRequest, path: str) -> str:
    """The address of a path on this site: under SITE_URL if set, else where it was asked for."""
    return base(request) + path


def base(request: HttpRequest) -> str:
    """What stands before the path in every address of this site."""
    return settings.SITE_URL or f"{request.scheme}://{request.get_host()}"
