"""What the public templates know: Jinja2, since Django's own take ten times as long a page."""

from datetime import date, datetime
from functools import lru_cache, partial
from typing import Any

from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils import dateformat
from django.utils.text import Truncator, slugify
from django.utils.timezone import localtime
from jinja2 import Environment
from markupsafe import Markup

from causes.models.address import Addresses, addresses


def environment(**options: Any) -> Environment:
    made = Environment(**options, trim_blocks=True, lstrip_blocks=True)  # noqa: S701  (Django turns escaping on)
    made.globals |= {"url": _url, "static": _static, "fixed": partial(_fixed, made)}
    made.filters |= {"date": _date, "truncatechars": _truncatechars, "slugify": slugify}
    return made


def _url(name: str, slug: str = "") -> str:
    return addresses()(name, slug)


@lru_cache(maxsize=100)
def _once(environment: Environment, template: str, where: Addresses) -> Markup:
    return Markup(environment.get_template(template).render(url=where))  # noqa: S704


def _fixed(environment: Environment, template: str) -> Markup:
    """A part that is the same on every page: made once, from a template that is given nothing."""
    if environment.auto_reload:  # with DEBUG, when templates are worked on
        return _once.__wrapped__(environment, template, addresses())
    return _once(environment, template, addresses())


@lru_cache(maxsize=100)
def _static(path: str) -> str:
    # The names are fixed at the start of the process, as the manifest that holds them is.
    return staticfiles_storage.url(path)


def _date(value: date, form: str) -> str:
    if isinstance(value, datetime):
        value = localtime(value)
    return dateformat.format(value, form)


def _truncatechars(text: str, length: int) -> str:
    return text if len(text) <= length else Truncator(text).chars(length)
