"""Somebody who signs in at the desk of a served site, saves and publishes, over HTTP alone."""

import http.client
import http.cookiejar
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from typing import Any

NUMBER = re.compile(r"\bState (\d+)\b")


class Fields(HTMLParser):
    """The fields that a browser would send of the first form with the method POST in `main`."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self._inside = self._done = False
        self._area = self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        name, value = told.get("name") or "", told.get("value") or ""
        if tag == "form" and told.get("id") != "logout-form" and not self._done:
            self._inside = told.get("method") == "post"
        if not self._inside or "disabled" in told:
            return
        if tag == "input" and name:
            kind = told.get("type", "text")
            if kind not in ("submit", "file") and (kind != "checkbox" or "checked" in told):
                self.values.setdefault(name, []).append(value)
        elif tag == "textarea":
            self._area = name
            self.values[name] = [""]
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in told:
            self.values.setdefault(self._select, []).append(value)

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
        elif tag == "select":
            self._select = ""
        elif tag == "form" and self._inside:
            self._inside, self._done = False, True


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Editor:
    """Saves and publishes one cause whose title, summary and body are "State N"."""

    def __init__(self, port: int, cause: int, name: str, password: str) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.cause, self.login = f"/admin/causes/cause/{cause}", (name, password)
        self.number = int(time.time() * 1000)  # never one that another editor used
        self.saved: list[int] = []
        """Numbers of the texts whose saving was acknowledged."""
        self.published = 0
        """The newest number whose publication was acknowledged."""
        self.told: dict[str, int] = {}
        """What was answered instead, and how often."""
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._browser = urllib.request.build_opener(jar, _Stay)
        self._signed_in = False

    def ask(self, path: str, data: dict[str, list[str]] | None = None) -> tuple[int, str]:
        """Status and page, or 0 and an empty page if nobody answered."""
        body = None if data is None else urllib.parse.urlencode(data, doseq=True).encode()
        request = urllib.request.Request(self.base + path, body, {"Referer": self.base + path})
        try:
            with self._browser.open(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""

    def once(self) -> bool:
        """Saves the next text and publishes it; False if either was not acknowledged."""
        self._signed_in = self._signed_in or self._sign_in()
        if not self._signed_in:
            return False
        number = self.number = self.number + 1
        words = f"State {number}"
        text = {"title": [words], "summary": [words], "body": [words]}
        if not self._send(f"{self.cause}/change/", text):
            return False
        self.saved.append(number)
        if not self._send(f"{self.cause}/publish/", {}):
            return False
        self.published = number
        return True

    def _sign_in(self) -> bool:
        name, password = self.login
        typed = {"username": [name], "password": [password]}
        return self._send("/admin/login/?next=/admin/", typed)

    def _send(self, path: str, typed: dict[str, list[str]]) -> bool:
        status, page = self.ask(path)
        if status == 200:
            status, page = self.ask(path, Fields(page).values | typed)
            if status == 302:
                return True
        elif status == 302:
            self._signed_in = False
        self._note(status, page)
        return False

    def _note(self, status: int, page: str) -> None:
        """Counts an answer by its status and, if it has any, its sentence."""
        found = re.search(r'class="errornote">\s*(.*?)\s*</p>|<h1[^>]*>(.*?)</h1>', page, re.S)
        words = " ".join(re.sub(r"<[^>]+>", "", found[0].split(">", 1)[1]).split()) if found else ""
        told = f"{status} {words[:70]}".strip() if status else "no connection"
        self.told[told] = self.told.get(told, 0) + 1
