"""A finished page: status, headers, and the body in each encoding that was requested."""

import gzip
import hashlib
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import brotli

from causes.database.watch import Epoch

Headers = list[tuple[str, str]]

SMALLEST = 500
"""Bytes below which compression gains nothing."""

_ENCODERS = {
    # A fixed date, so that every process makes the same bytes.
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
    "br": lambda body: brotli.compress(body, quality=5),
}
_OF_THE_BODY = ("content-type", "content-encoding", "content-language", "content-disposition")
"""Headers that say nothing about a "not modified"."""

_OVERHEAD = 4_000
"""About the size in bytes of the objects around a body, and of the rows that a page rests on."""


class Variant:
    """The body and headers of one encoding."""

    __slots__ = ("body", "etag", "headers", "short_headers")

    def __init__(self, body: bytes, etag: str, headers: Headers, short_headers: Headers) -> None:
        self.body = body
        self.etag = etag
        self.headers = headers
        self.short_headers = short_headers


class Page:
    """A page that the cache keeps, with the facts that tell whether it is still correct."""

    __slots__ = (
        "_etag",
        "asked_again",
        "basis",
        "epoch",
        "kept_size",
        "rests_on",
        "size",
        "status",
        "variants",
    )

    def __init__(
        self,
        epoch: Epoch | None,
        status: str,
        headers: Headers,
        body: bytes,
        basis: Callable[[], Any] | None = None,
    ) -> None:
        """`basis` reads the rows that the page rests on; None if they are unknown."""
        self.epoch = epoch
        self.status = status
        self.asked_again = False
        self.kept_size = 0
        self.basis = basis
        self.rests_on: Any = None
        self.variants: dict[str, Variant] = {}
        # Made from the content: the same in every process and after a restart.
        self._etag = hashlib.sha256(body).hexdigest()[:24]
        self.size = _OVERHEAD + sum(len(name) + len(value) for name, value in headers)
        dropped = ("content-length", "etag", "vary")
        headers = [(name, value) for name, value in headers if name.lower() not in dropped]
        self._add("", body, [*headers, ("Vary", "Accept-Encoding")])

    def encoded(self, encoding: str) -> Variant:
        """Makes the variant for an encoding, "gzip" or "br", on the first request for it."""
        plain = self.variants[""]
        body = _ENCODERS[encoding](plain.body) if len(plain.body) >= SMALLEST else plain.body
        if len(body) >= len(plain.body):
            self.variants[encoding] = plain
            return plain
        headers = [pair for pair in plain.headers if pair[0] not in ("Content-Length", "ETag")]
        return self._add(encoding, body, [*headers, ("Content-Encoding", encoding)])

    def _add(self, encoding: str, body: bytes, headers: Headers) -> Variant:
        # A strong validator: different bytes have different tags (RFC 9110, section 8.8.3.3).
        etag = f'"{self._etag}-{encoding}"' if encoding else f'"{self._etag}"'
        # A browser replaces the headers of its copy by these (RFC 9111, section 3.2).
        short = [("ETag", etag)]
        short += [pair for pair in headers if not pair[0].lower().startswith(_OF_THE_BODY)]
        headers = [*headers, ("ETag", etag), ("Content-Length", str(len(body)))]
        self.variants[encoding] = made = Variant(body, etag, headers, short)
        self.size += len(body)
        return made


# `float` alone would read "nan", with which no comparison is true.
_WEIGHT = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


@lru_cache(maxsize=512)
def best_encoding(accepted: str) -> str:
    """The smallest encoding that an Accept-Encoding header allows (RFC 9110, section 12.5.3)."""
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, parameters = part.partition(";")
        weight = 1.0
        for parameter in parameters.split(";"):
            key, _, value = parameter.partition("=")
            if key.strip() == "q":
                weight = float(value) if _WEIGHT.fullmatch(value.strip()) else 0.0
        weights[name.strip()] = weight
    anything = weights.get("*", 0.0)
    offered = [(weights.get(name, anything), name) for name in ("br", "gzip")]
    best = max(weight for weight, _ in offered)
    if best <= 0 or best < weights.get("identity", 0.0):
        return ""
    return next(name for weight, name in offered if weight == best)


def matches(condition: str, etag: str) -> bool:
    """Whether an If-None-Match header names this tag (RFC 9110, section 13.1.2)."""
    if condition == etag:
        return True
    tags = [tag.strip() for tag in condition.split(",")]
    return "*" in tags or any(tag.removeprefix("W/") == etag for tag in tags)
