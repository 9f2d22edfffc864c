"""A page that shows the progress of a long task while it runs.

The task is a generator that runs as the page is sent. If the reader closes the page before
its end, the generator is closed, and its transaction is rolled back. This needs no script:
each sign of progress is one more line, and the style sheet shows only the last one.
"""

import logging
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html

from causes.database.limits import unhurried
from causes.database.trouble import trouble_of
from causes.interchange.plan import Progress
from causes.publishing import Refusal

log = logging.getLogger(__name__)

HERE = "<!-- how far it is -->"
EVERY = 0.5
"""The least number of seconds between two signs of progress."""

Steps = Generator[Progress, None, Any]


def stream(
    request: HttpRequest,
    context: dict[str, Any],
    steps: Callable[[], Steps],
    *,
    done: Callable[[Any], tuple[str, str]],
    failed: Callable[[Refusal], tuple[str, str]],
    stay: bool = False,
) -> StreamingHttpResponse:
    """The page on which `steps` run.

    `done` gets the result of the task, `failed` the reason why it did not happen. Each returns
    a sentence and the next address, to which the browser goes by itself unless `stay` is set.
    """
    page = render_to_string("admin/causes/import/stream.html", context, request)
    head, _, tail = page.partition(HERE)
    response = StreamingHttpResponse(_pieces(head, tail, steps, done, failed, stay))
    response["Cache-Control"] = "no-store, private"
    response["X-Accel-Buffering"] = "no"  # nginx would hold it back until the end
    return response


def _pieces(
    head: str,
    tail: str,
    steps: Callable[[], Steps],
    done: Callable[[Any], tuple[str, str]],
    failed: Callable[[Refusal], tuple[str, str]],
    stay: bool,
) -> Iterator[str]:
    yield head
    try:
        with unhurried():
            result = yield from _signs(steps())
        sentence, path = done(result)
    except Refusal as refusal:
        sentence, path = failed(refusal)
    except Exception as error:
        if (trouble := trouble_of(error)) is not None:
            log.exception("The database interrupted a long task at the desk.")
            sentence, path = failed(Refusal(f"{trouble.sentence} Nothing was written: try again."))
        else:
            log.exception("A long task at the desk failed.")
            broken = (
                "Something went wrong, and nothing was written. The error is in the server’s log."
            )
            sentence, path = failed(Refusal(broken))
    yield format_html(
        '<p class="sign end" role="status">{} <a href="{}">Continue</a></p>', sentence, path
    )
    if not stay:
        yield format_html('<meta http-equiv="refresh" content="1; url={}">', path)
    yield tail


def _signs(steps: Steps) -> Generator[str, None, Any]:
    shown = 0.0
    try:
        while True:
            step = next(steps)
            if time.monotonic() - shown >= EVERY:
                shown = time.monotonic()
                yield _sign(step)
    except StopIteration as end:
        return end.value
    finally:
        # Also if the reader has gone: this ends the transaction at once.
        steps.close()


def _sign(step: Progress) -> str:
    if not step.total:
        return format_html('<p class="sign">{} …</p>\n', step.stage)
    percent = 100 * step.done // step.total
    return format_html(
        '<p class="sign"><progress max="100" value="{}" aria-label="{}"></progress> {} {} %</p>\n',
        percent,
        step.stage,
        step.stage,
        percent,
    )
