"""The page of a list in an address: `?page=2`."""

from urllib.parse import urlencode

from django.http import Http404, HttpRequest

from causes.lists import PageOfList
from causes.text.numbers import whole_number

LARGEST = 999_999
"""The largest page number that is looked for."""


def page_number(request: HttpRequest) -> int:
    """The number in `?page=`, or 1 if the address has none. Raises Http404 if it is no number."""
    number = whole_number(request.GET.get("page", "1"), most=LARGEST)
    if not number:
        raise Http404
    return number


def existing(page: PageOfList) -> PageOfList:
    """The same page. Raises Http404 if it is beyond the last page of its list."""
    if page.number > 1 and not page.rows:
        raise Http404
    return page


def paged_path(path: str, page: PageOfList) -> str:
    """The path of a list with the number of the page, which the first page does not have."""
    return f"{path}?{urlencode({'page': page.number})}" if page.number > 1 else path
