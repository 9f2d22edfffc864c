"""Preview links: each shows one revision, for some days, to anyone who has the link.

A link is an event of the log (`share`), and closing it early is another (`revoke`):
nothing else needs to be stored. The address carries the event's UUID with a signature,
so nobody can guess one or make one up.
"""

from datetime import datetime
from typing import NamedTuple

from django.core import signing
from django.urls import reverse

from causes.clock import now
from causes.models import Entry, Event, Revision

SALT = "causes.preview"


class PreviewLink(NamedTuple):
    event: Event
    expires_at: datetime
    revoked: bool

    @property
    def path(self) -> str:
        return reverse("preview", args=[signing.Signer(salt=SALT).sign(str(self.event.uuid))])

    @property
    def open(self) -> bool:
        """Whether the link still shows its revision."""
        return not self.revoked and self.expires_at > now()


def preview_links(entry: Entry) -> list[PreviewLink]:
    """All links to revisions of an entry, open or closed, newest first."""
    rows = Event.objects.filter(entry=entry, verb__in=(Event.Verb.SHARE, Event.Verb.REVOKE))
    found = list(rows.select_related("actor"))
    revoked = {row.details["link"] for row in found if row.verb == Event.Verb.REVOKE}
    return [
        PreviewLink(
            row, datetime.fromisoformat(row.details["expires_at"]), str(row.uuid) in revoked
        )
        for row in found
        if row.verb == Event.Verb.SHARE
    ]


def shared_revision(token: str) -> tuple[PreviewLink, Revision] | None:
    """The link with this token, open or closed, and its revision; None if there is no such link."""
    try:
        uuid = signing.Signer(salt=SALT).unsign(token)
    except signing.BadSignature:
        return None
    event = Event.objects.filter(uuid=uuid, verb=Event.Verb.SHARE).select_related("entry").first()
    if event is None or event.entry is None:
        return None
    texts = Revision.objects.with_taxonomy().select_related("entry")
    revision = texts.filter(entry=event.entry, uuid=event.revision_uuid).first()
    link = next((link for link in preview_links(event.entry) if link.event == event), None)
    return (link, revision) if link and revision else None
