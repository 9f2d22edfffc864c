"""What a browser would send to the desk."""

from html.parser import HTMLParser

from django.urls import reverse

from causes.admin.seen import seal
from causes.publishing import Text


def url(name, *args, kind="cause"):
    return reverse(f"admin:causes_{kind}_{name}", args=args)


def form_of(entry, **changes):
    """What the form of an entry would send, with these fields changed."""
    newest = entry.newest
    text = Text.of(newest)
    data = {
        "title": text.title,
        "slug": entry.slug,
        "summary": text.summary,
        "category": text.category.pk if text.category else "",
        "tags": [tag.pk for tag in text.tags],
        "body": text.body,
        "note": "",
        "base": str(newest.uuid),
        "shown": seal({} if entry.ever_public() else {"slug": entry.slug}),
    }
    return data | changes


def messages_of(response):
    return [str(message) for message in response.context["messages"]]


def save(desk, entry, button="_save", **changes):
    data = form_of(entry, **changes) | {button: "1"}
    return desk.post(url("change", entry.pk), data, follow=True)


def ask(desk, entry, verb, *, revision=None, follow=True, **data):
    """Sends the page that asks before a verb, as it stands for the newest text."""
    entry.refresh_from_db()
    page = desk.get(url(verb, entry.pk), {"revision": (revision or entry.newest).uuid})
    shown = fields_of(page) if page.status_code == 200 else {}
    shown = {name: value for name, value in shown.items() if name in ("revision", "shown")}
    return desk.post(url(verb, entry.pk), shown | data, follow=follow)


def change(desk, address, *, follow=True, **typed):
    """Opens a form, types into these fields and sends it."""
    return desk.post(address, open_form(desk, address) | typed, follow=follow)


def fields_of(response):
    """What a browser would send if the first form on a page were sent as it stands."""
    reader = _Fields()
    reader.feed(response.content.decode())
    return {name: values if len(values) > 1 else values[0] for name, values in reader.found.items()}


def open_form(browser, address):
    """Opens a page and returns (its address, what its form would send)."""
    response = browser.get(address)
    assert response.status_code == 200, (address, response.status_code)
    return fields_of(response)


class _Fields(HTMLParser):
    """Reads the inputs of the first form in the content of a page."""

    def __init__(self):
        super().__init__()
        self.found, self.inside, self.done = {}, False, False
        self.area, self.select, self.text = None, None, ""

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form" and attrs.get("id") != "logout-form" and not self.done:
            self.inside = attrs.get("method") == "post"
        if not self.inside or "disabled" in attrs:
            return
        name = attrs.get("name")
        if tag == "input" and name:
            kind = attrs.get("type", "text")
            chosen = kind not in ("checkbox", "radio") or "checked" in attrs
            if chosen and kind not in ("submit", "file") and name != "csrfmiddlewaretoken":
                self.found.setdefault(name, []).append(attrs.get("value", ""))
        elif tag == "textarea":
            self.area, self.text = name, ""
        elif tag == "select" and name:
            self.select, self.first, self.several = name, None, "multiple" in attrs
        elif tag == "option" and self.select:
            value = attrs.get("value", "")
            self.first = value if self.first is None else self.first
            if "selected" in attrs:
                self.found.setdefault(self.select, []).append(value)

    def handle_data(self, data):
        if self.area:
            self.text += data

    def handle_endtag(self, tag):
        if tag == "textarea" and self.area:
            self.found[self.area] = [self.text.removeprefix("\n")]
            self.area = None
        elif tag == "select" and self.select:
            if not self.several and self.select not in self.found and self.first is not None:
                self.found[self.select] = [self.first]
            self.select = None
        elif tag == "form" and self.inside:
            self.inside, self.done = False, True
