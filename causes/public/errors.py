"""Error pages in the look of the site. They do not query the database."""

from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import render

from causes.database.trouble import Trouble


def _page(request: HttpRequest, status: int, title: str, sentences: list[str]) -> HttpResponse:
    context = {"title": title, "sentences": sentences, "status": status}
    return render(request, "error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """400, for Django's `handler400`."""
    return _page(
        request,
        400,
        "This request could not be read",
        ["Part of it was not in the form that browsers send. Go to the home page and try again."],
    )


def unreadable(request: HttpRequest, name: str = "") -> HttpResponse:
    """400 for a value that no row can have; `name` is the parameter or field, if known."""
    named = f"the value of “{name[:50]}”" if name else "a value"
    return _page(
        request,
        400,
        "This request could not be read",
        [
            f"In the address or the form, {named} is too large or is not valid.",
            "Nothing was written. Go back, correct it and try again.",
        ],
    )


def refused(request: HttpRequest, sentence: str) -> HttpResponse:
    """409 with the sentence of a verb that refused."""
    return _page(
        request,
        409,
        "This could not be done",
        [sentence, "Nothing was written. Go back and try again."],
    )


def permission_denied(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """403, for Django's `handler403`."""
    return _page(
        request,
        403,
        "You may not see this page",
        ["This page is for editors. If you are an editor, sign in first."],
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without a valid token (CSRF_FAILURE_VIEW)."""
    return _page(
        request,
        403,
        "This form could not be accepted",
        [
            "It was open for too long, or your browser does not accept cookies from this site.",
            "Go back, copy your text, load the form again and send it once more.",
        ],
    )


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """404, for Django's `handler404`."""
    return _page(
        request,
        404,
        "There is no such page",
        ["It may have moved or been taken down. Try a search:"],
    )


def method_not_allowed(request: HttpRequest, *, at_the_desk: bool = False) -> HttpResponse:
    """405 for a method that an address does not take; the desk takes forms that are posted."""
    if at_the_desk:
        title, sentence = "This cannot be done here", "The desk reads pages and takes forms only."
    else:
        title, sentence = "This page can only be read", "It does not accept data."
    return _page(request, 405, title, [f"{sentence} Go to the home page and try again."])


def gone(request: HttpRequest) -> HttpResponse:
    """410 for a page whose last public text was withheld."""
    return _page(
        request,
        410,
        "This page is gone",
        ["It was withdrawn and will not come back."],
    )


def link_closed(request: HttpRequest) -> HttpResponse:
    """410 for a preview link that has expired or was closed."""
    return _page(
        request,
        410,
        "This preview is closed",
        ["The link has expired or was closed. Ask the person who sent it to you for a new one."],
    )


def import_running(request: HttpRequest) -> HttpResponse:
    """503 while an import holds the database."""
    response = _page(
        request,
        503,
        "An import is running",
        [
            "Nothing else can be saved until it ends. None of your work was saved or lost.",
            "Go back and try again in a minute.",
        ],
    )
    response["Retry-After"] = "60"
    return response


BUSY = {
    "pages": (
        "The site is busy",
        "More new pages are asked for than it can make at once. Pages that were read lately, such "
        "as the home page, are still answered.",
        2,
    ),
    "desk": ("The desk is busy", "More of its pages are asked for than it can make at once.", 2),
    "forms": (
        "The desk is busy",
        "More forms are sent than it can take at once. Nothing was saved. Go back: your browser "
        "still has what you typed.",
        5,
    ),
    "sign-in": (
        "Too many people are signing in",
        "Your name and password were not read.",
        5,
    ),
    "health": ("The health check is busy", "An earlier check has not ended yet.", 2),
}
"""Title, sentence and seconds to wait, for each kind of work in SLOTS of the settings."""


def busy(request: HttpRequest, kind: str) -> HttpResponse:
    """503 for a request that found all threads for its kind of work taken (capacity.py)."""
    title, sentence, seconds = BUSY[kind]
    again = f"Try again in {seconds} seconds."
    if request.method == "GET":
        again = f"This page tries again by itself in {seconds} seconds."
    response = _page(request, 503, title, [sentence, again])
    response["Retry-After"] = str(seconds)
    if request.method == "GET":
        response["Refresh"] = str(seconds)
    response["Cache-Control"] = "no-store"
    return response


def in_trouble(request: HttpRequest, trouble: Trouble) -> HttpResponse:
    """503 for a fault that is nobody's mistake and will pass.

    If a form was sent, it can be sent again from this page, as it was typed. It carries the same
    token as before, so nobody else can put words into it.
    """
    sentences = [trouble.sentence]
    fields: list[tuple[str, str]] = []
    if request.method == "POST":
        sentences.append("Nothing of yours was saved.")
        fields = _typed(request)
    sentences.append("Try again in a minute." if trouble.retry_after > 30 else "Try again soon.")
    context = {"title": trouble.title, "sentences": sentences, "status": 503, "fields": fields}
    response = render(request, "error.html", context, status=503)
    response["Retry-After"] = str(trouble.retry_after)
    response["Cache-Control"] = "no-store"
    return response


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    """The fields of a form that can be sent again: without files, and without a password."""
    if request.content_type != "application/x-www-form-urlencoded":
        return []
    try:
        pairs = [(name, value) for name, values in request.POST.lists() for value in values]
    except (SuspiciousOperation, UnreadablePostError):  # too large, or the browser has gone
        return []
    return [] if any("password" in name for name, _ in pairs) else pairs


def too_large(request: HttpRequest, sentence: str) -> HttpResponse:
    """413 for a body that this address, or this person, may not send."""
    return _page(request, 413, "This is too much", [sentence, "Nothing of it was kept."])


def length_required(request: HttpRequest) -> HttpResponse:
    """411 for a body whose length nobody told."""
    return _page(
        request,
        411,
        "This request could not be read",
        ["It does not say how long its content is. Browsers say it: go back and try again."],
    )


def something_wrong(request: HttpRequest) -> HttpResponse:
    """500, for an error that nobody expected."""
    return _page(
        request,
        500,
        "Something went wrong",
        ["This is our fault, not yours. The error was recorded. Try again in a minute."],
    )
