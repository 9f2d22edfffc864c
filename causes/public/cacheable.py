"""What a view says about its answers, for the page cache to go by."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from django.urls import Resolver404, resolve

View = TypeVar("View", bound=Callable[..., Any])


def cacheable(*query: str) -> Callable[[View], View]:
    """Declares that a view's answer depends on nothing but public rows and its address.

    `query` names the parameters behind the question mark that it reads; the view is
    not shown any others. No cookie may change the answer.
    """

    def declare(view: View) -> View:
        view.cacheable_query = query  # type: ignore[attr-defined]
        return view

    return declare


def declared_query(path: str, query: str) -> str | None:
    """The part of a query string that the view behind a path has declared, in one order.

    None when there is no such view, or it declares nothing: its answers are not kept.
    """
    try:
        names = getattr(resolve(path).func, "cacheable_query", None)
    except Resolver404:
        return None
    if not names or not query:
        return None if names is None else ""
    try:
        # As request.GET reads it: of several, the last counts.
        given = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=1000))
    except ValueError:
        return None
    return urlencode({name: given[name] for name in names if name in given})
