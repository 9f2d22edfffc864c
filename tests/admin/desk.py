"""What a browser would send to the desk."""

from django.urls import reverse

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
    data = {"revision": str((revision or entry.newest).uuid)} | data
    return desk.post(url(verb, entry.pk), data, follow=follow)
