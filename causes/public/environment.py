"""The environment of the public templates: Jinja2, since Django's own take ten times as long."""

from calendar import month_name
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils import dateformat
from django.utils.text import Truncator
from django.utils.timezone import get_default_timezone
from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from causes.addresses import Addresses, addresses


def environment(**options: Any) -> Environment:
    """Makes the environment for the setting TEMPLATES."""
    # Django passes autoescape=True.
    made = Environment(**options, trim_blocks=True, lstrip_blocks=True)  # noqa: S701
    made.globals |= {"url": _url, "static": _static, "fixed": _fixed}
    made.filters |= {
        "date": _date,
        "day": _day,
        "iso": _iso,
        "truncatechars": _truncatechars,
    }
    return made


def _url(name: str, slug: str = "") -> str:
    return addresses()(name, slug)


@lru_cache(maxsize=100)
def _once(environment: Environment, template: str, where: Addresses) -> Markup:
    return Markup(environment.get_template(template).render(url=where))  # noqa: S704


@pass_context
def _fixed(context: Context, template: str) -> Markup:
    """A part that is the same on every page: rendered once, from a template without variables."""
    where = context.get("url")
    if not isinstance(where, Addresses):
        where = addresses()
    if context.environment.auto_reload:  # with DEBUG, while templates are edited
        return _once.__wrapped__(context.environment, template, where)
    return _once(context.environment, template, where)


@lru_cache(maxsize=100)
def _static(path: str) -> str:
    # The manifest of names is read once, at the start of the process.
    return staticfiles_storage.url(path)


def _local(value: date) -> date:
    # Public pages use the time zone of the site.
    return value.astimezone(get_default_timezone()) if isinstance(value, datetime) else value


def _date(value: date, form: str) -> str:
    return dateformat.format(_local(value), form)


_MONTHS = list(month_name)


def _day(value: date) -> str:
    """The same as `date` with "j F Y", at a tenth of the cost."""
    local = _local(value)
    return f"{local.day} {_MONTHS[local.month]} {local.year}"


def _iso(value: date) -> str:
    return _local(value).isoformat()


def _truncatechars(text: str, length: int) -> str:
    return text if len(text) <= length else Truncator(text).chars(length)
