"""Addresses within the site, at the cost of joining three strings."""

from functools import lru_cache

from django.urls import get_script_prefix, reverse

_SAMPLE = "a-slug"


def address(name: str, slug: str) -> str:
    """What `reverse(name, args=[slug])` says, in a fiftieth of the time: lists need hundreds."""
    if not slug.isascii():
        return reverse(name, args=[slug])  # percent-encoded
    before, after = _around(name, get_script_prefix())
    return f"{before}{slug}{after}"


@lru_cache(maxsize=100)
def _around(name: str, script_prefix: str) -> tuple[str, str]:
    before, _, after = reverse(name, args=[_SAMPLE]).partition(_SAMPLE)
    return before, after


def fixed_address(name: str) -> str:
    """What `reverse(name)` says."""
    return _fixed(name, get_script_prefix())


@lru_cache(maxsize=100)
def _fixed(name: str, script_prefix: str) -> str:
    return reverse(name)
