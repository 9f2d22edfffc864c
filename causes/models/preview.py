"""Preview links: one revision, shown for some days to whoever has the link.

A link is an event of the log (`share`), and its end before its time another
(`revoke`): nothing else needs to be stored. The address carries the event's UUID,
signed, so that none can be guessed or made up.
"""

from datetime import datetime
from typing import NamedTuple

from django.core import signing
from django.urls import reverse

from causes.clock import now
from causes.models.entry import Entry
from causes.models.event import Event
from causes.models.revision import Revision

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
        return not self.revoked and self.expires_at > now()


def preview_links(entry: Entry) -> list[PreviewLink]:
    """All links to texts of an entry, newest first, with what became of them."""
    rows = Event.objects.filter(entry=entry, verb__in=(Event.Verb.SHARE, Event.Verb.REVOKE))
    found = list(rows.select_related("actor"))
    revoked = {row.details["link"] for row in found if row.verb == Event.Verb.REVOKE}
    return [_link(row, revoked) for row in found if row.verb == Event.Verb.SHARE]


def _link(event: Event, revoked: set[str]) -> PreviewLink:
    expires_at = datetime.fromisoformat(event.details["expires_at"])
    return PreviewLink(event, expires_at, str(event.uuid) in revoked)


def shared_revision(token: str) -> tuple[PreviewLink, Revision] | None:
    """What the link with this token shows, be it open or not; None if there is no such link."""
    try:
        uuid = signing.Signer(salt=SALT).unsign(token)
    except signing.BadSignature:
        return None
    event = Event.objects.filter(uuid=uuid, verb=Event.Verb.SHARE).select_related("entry").first()
    if event is None or event.entry is None or event.revision_uuid is None:
        return None
    revision = (
        Revision.objects.with_taxonomy()
        .select_related("entry")
        .filter(entry=event.entry, uuid=event.revision_uuid)
        .first()
    )
    revoked = Event.objects.filter(
        entry=event.entry, verb=Event.Verb.REVOKE, details__link=str(event.uuid)
    ).exists()
    if revision is None:
        return None
    return _link(event, {str(event.uuid)} if revoked else set()), revision
