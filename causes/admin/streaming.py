"""A page that shows how far a long work is while it is being done.

The work is a generator, carried out as the page is sent: closing the page before its end
closes the generator, and with it goes the transaction. No script: each sign of life is
one more line, and the style sheet shows the last one only.
"""

import logging
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any

from django.db import OperationalError
from django.http import HttpRequest, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html

from causes.interchange.plan import Progress
from causes.publishing import Refusal

log = logging.getLogger(__name__)

HERE = "<!-- how far it is -->"
EVERY = 0.5
"""Seconds between two signs of life, at least."""

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
    """The page on which `steps` are carried out.

    `done` gets what the work returned, `failed` why it did not happen; each returns a
    sentence and the address to go on to, where the browser goes by itself unless it is
    to `stay`.
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
        result = yield from _signs(steps())
        sentence, path = done(result)
    except Refusal as refusal:
        sentence, path = failed(refusal)
    except OperationalError:
        log.exception("a long work at the desk was interrupted by the database")
        busy = "The database was busy for too long. Nothing was written: try again."
        sentence, path = failed(Refusal(busy))
    except Exception:
        log.exception("a long work at the desk failed")
        broken = "Something went wrong here, and nothing was written. The error was noted."
        sentence, path = failed(Refusal(broken))
    yield format_html(
        '<p class="sign end" role="status">{} <a href="{}">Go on</a></p>', sentence, path
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
        # Also when the reader has gone: the transaction ends here and now.
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
