"""The Atom feed of the latest publications (RFC 4287)."""

from datetime import datetime
from typing import Any

from django.contrib.syndication.views import Feed
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape

from causes.models import Publication, Revision
from causes.public.absolute import absolute
from causes.text.characters import legal_in_xml


class LegalFeed(Atom1Feed):
    """Removes characters that XML forbids: one old row would break the whole feed."""

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, {name: _legal(value) for name, value in item.items()})


def _legal(value: Any) -> Any:
    if isinstance(value, str):
        return legal_in_xml(value)
    return [legal_in_xml(one) for one in value] if isinstance(value, list) else value


class PublishedFeed(Feed):
    """The 20 live causes that were published last, newest first."""

    feed_type = LegalFeed
    title = "Causes of Denervation"
    subtitle = "The latest new and changed causes."
    author_name = "The editors of Causes of Denervation"

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self_address = absolute(request, reverse("feed"))
        return {"request": request, "self": self_address}

    def link(self, where: Any) -> str:
        return absolute(where["request"], reverse("home"))

    def feed_url(self, where: Any) -> str:
        return str(where["self"])

    def feed_guid(self, where: Any) -> str:
        return str(where["self"])

    def items(self, where: Any) -> list[Publication]:
        rows = Publication.objects.live().of_causes().for_lists().with_tags()
        first = Revision.objects.filter(entry=OuterRef("entry")).order_by("number").values("uuid")
        newest = list(
            rows.annotate(first_uuid=Subquery(first[:1])).order_by("-live_from", "entry__slug")[:20]
        )
        for publication in newest:
            publication.feed_request = where["request"]  # type: ignore[attr-defined]
        return newest

    def item_title(self, item: Publication) -> str:
        return item.revision.title

    def item_description(self, item: Publication) -> str:
        return escape(item.revision.summary)  # Atom1Feed declares it as HTML.

    def item_link(self, item: Publication) -> str:
        return absolute(item.feed_request, item.get_absolute_url())  # type: ignore[attr-defined]

    def item_guid(self, item: Publication) -> str:
        # The address changes with the slug; an id must not change (RFC 4287, section 4.2.6).
        return f"urn:uuid:{item.first_uuid}"  # type: ignore[attr-defined]

    def item_pubdate(self, item: Publication) -> datetime:
        return item.live_from

    def item_updateddate(self, item: Publication) -> datetime:
        return item.live_from

    def item_categories(self, item: Publication) -> list[str]:
        return [tag.name for tag in item.revision.shown_tags()]
