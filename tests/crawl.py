"""A crawler with bad manners: every address of the site, with odd values in each part of it.

Addresses come from the URL resolver, parameters from what views were seen to read, form
fields from the pages themselves. What is added to the site is so tried without a word here.
"""

import os
import re
import traceback
import zlib
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import NamedTuple
from urllib.parse import quote, quote_from_bytes, urlsplit

from django.apps import apps
from django.contrib import admin
from django.db import transaction
from django.http import QueryDict
from django.test import Client
from django.urls import URLResolver, get_resolver

ODD = {
    "nothing": "",
    "zero": "0",
    "negative": "-1",
    "99999": "99999",
    "more than 64 bits": "9" * 20,
    "5,000 digits": "9" * 5000,
    "a superscript": "²",
    "an Arabic digit": "٣",
    "a letter": "x",
    "NUL": "\x00",
    "a lone surrogate": b"\xed\xa0\x80",
    "no UTF-8": b"\xff\xfe",
    "5,000 letters": "a" * 5000,
    "brackets": "[]",
    "a way up": "../..",
    "an apostrophe": "'",
    "a UUID": "0d9c8b7a-1f2e-4d3c-8b5a-6e7f8a9b0c33",
    "no such day": "9999-99-99",
    "no number": "NaN",
    "formats": "%s%(x)s{0}%",
}
FEW = ("5,000 digits", "NUL", "a superscript", "a letter", "more than 64 bits")
FEWEST = ("5,000 digits", "NUL")
"""Those that found most, for where all would take too long."""
EVERYTHING = os.environ.get("CRAWL") == "all"
"""Set by `make deep`: every value in every field, instead of FEW and a share of the others."""

LOOKUPS = ("__in", "__gte", "__isnull", "__year", "__icontains", "__id", "__id__exact")


def encoded(value):
    """As it stands in an address."""
    return quote_from_bytes(value, "") if isinstance(value, bytes) else quote(value, "")


class Route(NamedTuple):
    """An address with the names of what is put into it, such as `causes/<slug>/`."""

    pattern: str

    @property
    def parts(self):
        return re.findall(r"<(\w+)>", self.pattern)

    @property
    def admin(self):
        """The ModelAdmin behind it, if there is one."""
        found = re.match(r"admin/(\w+)/(\w+)/", self.pattern)
        return admin.site.get_model_admin(apps.get_model(*found.groups())) if found else None

    def filled(self, values):
        """The path; `values` are percent-encoded already."""
        return "/" + re.sub(r"<(\w+)>", lambda part: values[part.group(1)], self.pattern)


def routes(resolver=None, before=""):
    """Every address that the resolver knows."""
    for pattern in (resolver or get_resolver()).url_patterns:
        path = before + re.sub(r"\(\?P(<\w+>)[^)]*\)|[$^]", r"\1", str(pattern.pattern))
        path = re.sub(r"<\w+:", "<", path)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, path)
        else:
            yield Route(path)


class _Heard(QueryDict):
    """Data of a request that notes which names it was asked for; `*` when it was for all."""

    names = None

    def _note(self, name):
        if self.names is not None:
            self.names.add(name)

    def __getitem__(self, name):
        self._note(name)
        return super().__getitem__(name)

    def __contains__(self, name):
        self._note(name)
        return super().__contains__(name)

    def getlist(self, name, default=None):
        self._note(name)
        return super().getlist(name, default)

    def items(self):
        self._note("*")
        return super().items()

    def lists(self):
        self._note("*")
        return super().lists()


class Listening:
    """Middleware, the last of all: notes in the environ which parameters a view reads."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        names = request.META.get("crawl.names")
        if names is not None:
            heard = _Heard(mutable=True)
            heard.update(request.GET if request.method == "GET" else request.POST)
            heard.names = names
            setattr(request, request.method, heard)


class Form(NamedTuple):
    """A form that is sent by POST, as it stands on a page."""

    action: str
    fields: dict
    """{name: values}"""
    buttons: list
    """(name, value) of each button that has a name."""


class _Forms(HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms = []
        self._area = self._select = self._form = None

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        name, kind, value = given.get("name"), given.get("type", ""), given.get("value") or ""
        if tag == "form":
            self._form = Form(given.get("action") or "", {}, [])
            if given.get("method", "").lower() == "post":
                self.forms.append(self._form)
        if self._form is None or name == "csrfmiddlewaretoken":
            return
        fields = self._form.fields
        if tag == "option" and self._select and "selected" in given:
            fields[self._select].append(value)
        elif tag == "textarea" and name:
            self._area, fields[name] = name, [""]
        elif tag == "select" and name:
            self._select = name
            fields.setdefault(name, [])
        elif name and (tag == "button" or kind == "submit"):
            self._form.buttons.append((name, value))
        elif tag == "input" and name:
            held = fields.setdefault(name, [])
            if kind not in ("radio", "checkbox") or "checked" in given:
                held.append(value)

    def handle_data(self, data):
        if self._area:
            self._form.fields[self._area][0] += data

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None


def forms_of(html):
    parser = _Forms()
    parser.feed(html)
    return parser.forms


class Crawler:
    """A client that undoes what each request did, and remembers the answers that nobody wants."""

    def __init__(self, user=None):
        self.client = Client()
        if user is not None:
            self.client.force_login(user)
        self.faults = []
        self.tried = 0

    def ask(self, path, query="", data=None, method="GET", names=None):
        """(status, body) of an answer; (500, "") for an exception."""
        self.tried += 1
        extra = {"QUERY_STRING": query}
        if names is not None:
            extra["crawl.names"] = names
        told = f"{method if data is None else 'POST'} {path[:120]}?{query[:120]} {str(data)[:300]}"
        status, body = 500, ""
        signed_in = SimpleCookie(self.client.cookies)
        try:
            with transaction.atomic():
                if data is None:
                    response = self.client.generic(method, path, **extra)
                else:
                    response = self.client.post(path, data, **extra)
                held = b"".join(response.streaming_content) if response.streaming else b""
                status = response.status_code
                body = (held or getattr(response, "content", b"")).decode(errors="replace")
                transaction.set_rollback(True)
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            places = [f"{f.filename}:{f.lineno}" for f in frames if "/tests/" not in f.filename]
            ours = [place for place in places if "/causes/" in place]
            where = (ours or places)[-1:]
            self.faults.append(f"{told}\n  {type(error).__name__}: {str(error)[:200]} {where}")
            return 500, ""
        finally:
            self.client.cookies = signed_in  # as they were before a request that signed out
        if status >= 500 or "Something went wrong" in body:
            self.faults.append(f"{told}\n  {status}")
        return status, body

    def read_by(self, path, query="", data=None):
        """The names that the view behind an address reads from its query, or from `data`."""
        names = set()
        self.ask(path, query, data, names=names)
        return names

    def submit(self, page, values, data=None):
        """Sends each form of a page, by each button, and with each field odd in turn."""
        _, body = self.ask(page, data=data)
        for action, fields, buttons in forms_of(body):
            target = urlsplit(action).path or page
            query = urlsplit(action).query
            for place, (name, value) in enumerate(buttons or [("", "")]):
                pressed = {**fields, name: value} if name else fields
                self.ask(target, query, pressed)
                for field in fields:
                    for odd in odd_values(FEWEST if place else share(values, target + field)):
                        self.ask(target, query, {**pressed, field: odd})
                    self.ask(target, query, {**pressed, field: [*fields[field], "1", "1"]})
                    self.ask(target, query, {n: v for n, v in pressed.items() if n != field})


def odd_values(labels=ODD):
    return [ODD[label] for label in labels]


def share(labels, place):
    """Of all odd values, FEW and a tenth of the others: another tenth in each place, always the same.

    There are hundreds of fields and parameters, so every value is tried in dozens of them.
    """
    if labels is not ODD or EVERYTHING:
        return labels
    others = [label for label in ODD if label not in FEW]
    return [*FEW, *others[zlib.crc32(place.encode()) % 10 :: 10]]


def odd_queries(name, labels=ODD):
    """Odd values for a name, as queries; also the name twice."""
    yield from (f"{name}={encoded(value)}" for value in odd_values(labels))
    yield f"{name}=1&{name}=1"
