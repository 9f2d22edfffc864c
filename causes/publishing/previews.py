"""The verbs of preview links: causes/preview_links.py describes these links."""

from datetime import timedelta

from causes.clock import now
from causes.models import Event, Revision
from causes.preview_links import PreviewLink, preview_links
from causes.publishing.situations import Refusal, Withheld
from causes.publishing.verb import User, need, record, standing, verb

LONGEST = 90
"""The most days for which a preview link may be open."""


class NoSuchLink(Refusal):
    """The link does not exist, or is closed already."""


@verb
def share_preview(revision: Revision, *, by: User, days: int, reason: str = "") -> PreviewLink:
    """Makes a link that shows this exact revision for a number of days (1 to 90).

    Raises NotPermitted, Withheld, ValueError.
    """
    need(by, "share_entry")
    if not 1 <= days <= LONGEST:
        raise ValueError(f"A preview link is open for 1 to {LONGEST} days, not for {days}.")
    revision.refresh_from_db()
    if revision.withheld_at:
        raise Withheld(revision)
    expires_at = now() + timedelta(days=days)
    event = record(
        Event.Verb.SHARE,
        revision.entry,
        by,
        revision=revision,
        from_state=standing(revision.entry),
        reason=reason,
        expires_at=expires_at.isoformat(),
    )
    return PreviewLink(event, expires_at, revoked=False)


@verb
def revoke_preview(event: Event, *, by: User, reason: str = "") -> None:
    """Closes a preview link before it expires. Raises NotPermitted, NoSuchLink."""
    need(by, "share_entry")
    links = {link.event.pk: link for link in preview_links(event.entry)} if event.entry else {}
    link = links.get(event.pk)
    if link is None or not link.open or event.entry is None:
        raise NoSuchLink("This link is closed already: nobody can open it.")
    record(
        Event.Verb.REVOKE,
        event.entry,
        by,
        from_state=standing(event.entry),
        reason=reason,
        link=str(event.uuid),
    )
