"""Error pages in the site's own look. They ask nothing of the database."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def _page(request: HttpRequest, status: int, title: str, sentences: list[str]) -> HttpResponse:
    context = {"title": title, "sentences": sentences, "status": status}
    return render(request, "error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _page(
        request,
        400,
        "This request could not be read",
        ["Something in it was not as a browser would send it. Go to the home page and try again."],
    )


def unreadable(request: HttpRequest, name: str = "") -> HttpResponse:
    """A value in the request that nothing here can be called by; `name` says which, if known."""
    named = f"the value of “{name[:50]}”" if name else "a value"
    return _page(
        request,
        400,
        "This request could not be read",
        [
            f"The address or the form holds {named} that is too large or is not a value at all.",
            "Nothing was written. Go back, correct it and try again.",
        ],
    )


def refused(request: HttpRequest, sentence: str) -> HttpResponse:
    """What a verb said when it wrote nothing."""
    return _page(
        request,
        409,
        "This could not be done",
        [sentence, "Nothing was written. Go back and try again."],
    )


def permission_denied(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _page(
        request,
        403,
        "You may not see this page",
        ["It is for signed-in editors. If you are one, sign in first."],
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(
        request,
        403,
        "This form could not be accepted",
        [
            "It was open for too long, or your browser keeps no cookies for this site.",
            "Go back, copy what you wrote, load the form again and send it once more.",
        ],
    )


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _page(
        request,
        404,
        "There is no such page",
        ["It may have moved or been taken down. Search for what you were looking for:"],
    )


def method_not_allowed(request: HttpRequest) -> HttpResponse:
    return _page(
        request,
        405,
        "This page can only be read",
        ["Nothing can be sent to it. Go to the home page and try again."],
    )


def gone(request: HttpRequest) -> HttpResponse:
    return _page(
        request,
        410,
        "This page is gone",
        ["What stood here was withdrawn and will not come back."],
    )


def link_closed(request: HttpRequest) -> HttpResponse:
    return _page(
        request,
        410,
        "This preview is closed",
        ["The link has expired, or somebody closed it. Ask whoever sent it to you for another."],
    )


def import_running(request: HttpRequest) -> HttpResponse:
    response = _page(
        request,
        503,
        "An import is running",
        [
            "Until it ends nothing else can be saved. Nothing of yours was written or lost.",
            "Go back, and try again in a minute.",
        ],
    )
    response["Retry-After"] = "60"
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(
        request,
        500,
        "Something went wrong here",
        ["It is our fault, not yours. The error was noted. Try again in a minute."],
    )
