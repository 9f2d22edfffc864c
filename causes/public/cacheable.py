"""Views declare here what their answers depend on; the page cache relies on it."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlencode

from django.http import HttpRequest
from django.urls import Resolver404, resolve

READING = ("GET", "HEAD")
"""The methods that only read."""

View = TypeVar("View", bound=Callable[..., Any])
Basis = Callable[..., Any]


class Declaration(NamedTuple):
    """The declaration of one view."""

    parameters: tuple[str, ...]
    basis: Basis | None


class CacheableView(NamedTuple):
    """The view at an address, for one request."""

    query: str
    """The parameters that the view reads, in a fixed order; the view is shown no others."""
    basis: Callable[[], Any] | None
    """Reads the rows that the answer rests on."""


_declarations: dict[Callable[..., Any], Declaration] = {}


def cacheable(*parameters: str, basis: Basis | None = None) -> Callable[[View], View]:
    """Declares that a view's answer depends on nothing but public rows and its address.

    `parameters` are the query parameters that the view reads. No cookie may change the answer.
    `basis` takes the same arguments from the address as the view, and returns all rows that the
    answer rests on: while they are equal, the answer is the same. None means that they are
    unknown.
    """

    def declare(view: View) -> View:
        _declarations[view] = Declaration(parameters, basis)
        return view

    return declare


def is_cacheable(request: HttpRequest) -> bool:
    """Whether Django found a cacheable view for a request, and the request only reads."""
    match = request.resolver_match
    return match is not None and match.func in _declarations and request.method in READING


def view_at(path: str, query: str) -> CacheableView | None:
    """The cacheable view at an address, or None if the address has none."""
    try:
        match = resolve(path)
    except Resolver404:
        return None
    declaration = _declarations.get(match.func)
    if declaration is None:
        return None
    basis = declaration.basis and partial(declaration.basis, **match.kwargs)
    if not declaration.parameters or not query:
        return CacheableView("", basis)
    try:
        # As request.GET reads a query: the last of several values counts.
        given = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=1000))
    except ValueError:
        return None
    read = {name: given[name] for name in declaration.parameters if name in given}
    return CacheableView(urlencode(read), basis)
