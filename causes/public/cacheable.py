"""What a view says about its answers, for the page cache to go by."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlencode

from django.http import HttpResponse
from django.urls import Resolver404, ResolverMatch, resolve

View = TypeVar("View", bound=Callable[..., Any])
Basis = Callable[..., Any]


class Declared(NamedTuple):
    """What the view behind an address has declared."""

    query: str
    """The parameters that it reads, in one order; the view is not shown any others."""
    basis: Callable[[], Any] | None
    match: ResolverMatch


def cacheable(*query: str, basis: Basis | None = None) -> Callable[[View], View]:
    """Declares that a view's answer depends on nothing but public rows and its address.

    `query` names the parameters behind the question mark that it reads. No cookie may
    change the answer. `basis` takes what the view takes from its address, and returns
    all that the answer rests on, to be compared: while that is the same, so is the
    answer. None says that it cannot be known.
    """

    def declare(view: View) -> View:
        view.cacheable = query, basis  # type: ignore[attr-defined]
        return view

    return declare


def resting_on(response: HttpResponse, rows: Any) -> HttpResponse:
    """Notes on an answer what its view's `basis` says while it holds."""
    response.rests_on = rows  # type: ignore[attr-defined]
    return response


def declared(path: str, query: str) -> Declared | None:
    """None when no view stands there, or it declares nothing: its answers are not kept."""
    try:
        match = resolve(path)
    except Resolver404:
        return None
    names, basis = getattr(match.func, "cacheable", (None, None))
    if names is None:
        return None
    bound = basis and partial(basis, **match.kwargs)
    if not names or not query:
        return Declared("", bound, match)
    try:
        # As request.GET reads it: of several, the last counts.
        given = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=1000))
    except ValueError:
        return None
    kept = {name: given[name] for name in names if name in given}
    return Declared(urlencode(kept), bound, match)
