"""Addresses within the site, at the cost of joining three strings: a list needs hundreds."""

from functools import lru_cache

from django.urls import get_script_prefix, reverse

_SAMPLE = "a-slug"


class Addresses:
    """What `reverse` says of the public pages, for one place at which the site is mounted."""

    def __init__(self) -> None:
        self._fixed: dict[str, str] = {}
        self._around: dict[str, tuple[str, str]] = {}

    def fixed(self, name: str) -> str:
        """What `reverse(name)` says."""
        found = self._fixed.get(name)
        if found is None:
            found = self._fixed[name] = reverse(name)
        return found

    def of(self, name: str, slug: str) -> str:
        """What `reverse(name, args=[slug])` says."""
        if not slug.isascii():
            return reverse(name, args=[slug])  # percent-encoded
        around = self._around.get(name)
        if around is None:
            before, _, after = reverse(name, args=[_SAMPLE]).partition(_SAMPLE)
            around = self._around[name] = before, after
        return f"{around[0]}{slug}{around[1]}"

    def __call__(self, name: str, slug: str = "") -> str:
        return self.of(name, slug) if slug else self.fixed(name)


@lru_cache(maxsize=100)
def _mounted_at(prefix: str) -> Addresses:
    return Addresses()


def addresses() -> Addresses:
    """The addresses as this request has them: ask once, since asking is most of the cost."""
    return _mounted_at(get_script_prefix())


def address(name: str, slug: str) -> str:
    return addresses().of(name, slug)


def fixed_address(name: str) -> str:
    return addresses().fixed(name)
