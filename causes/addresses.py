"""Addresses of public pages: the paths that `reverse` gives, cheap enough for long lists."""

from functools import lru_cache

from django.urls import get_script_prefix, reverse

PUBLIC = frozenset(
    "article categories causes feed healthz preview search sitemap sources static tags".split()
)
"""The first parts of public addresses; a page and the desk take other ones."""

_SAMPLE = "a-slug"


class Addresses:
    """The addresses of public pages for one mount point of the site (SCRIPT_NAME)."""

    def __init__(self) -> None:
        self._fixed: dict[str, str] = {}
        self._around: dict[str, tuple[str, str]] = {}

    def fixed(self, name: str) -> str:
        """The same as `reverse(name)`."""
        found = self._fixed.get(name)
        if found is None:
            found = self._fixed[name] = reverse(name)
        return found

    def of(self, name: str, slug: str) -> str:
        """The same as `reverse(name, args=[slug])`."""
        if not slug.isascii():
            return reverse(name, args=[slug])  # percent-encoded
        around = self._around.get(name)
        if around is None:
            before, _, after = reverse(name, args=[_SAMPLE]).partition(_SAMPLE)
            around = self._around[name] = before, after
        return f"{around[0]}{slug}{around[1]}"

    def __call__(self, name: str, slug: str = "") -> str:
        """The address of a page with or without a slug, for templates."""
        return self.of(name, slug) if slug else self.fixed(name)


@lru_cache(maxsize=100)
def _mounted_at(prefix: str) -> Addresses:
    return Addresses()


def addresses() -> Addresses:
    """The addresses for the current request. Call it once for a list: the call costs most."""
    return _mounted_at(get_script_prefix())


def address(name: str, slug: str) -> str:
    """The address of a page with a slug, for the current request."""
    return addresses().of(name, slug)


def fixed_address(name: str) -> str:
    """The address of a page without a slug, for the current request."""
    return addresses().fixed(name)
