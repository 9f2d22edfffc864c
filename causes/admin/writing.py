"""Help while writing: the unsaved text as readers would see it, and advice about it."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from causes.admin.base import EntryPages
from causes.models import Category, Entry, Source, Tag
from causes.publishing import Text, publishing_problems
from causes.reading import read_unsaved
from causes.text.advice import Advice, advise, measure
from causes.text.body import cited_keys
from causes.text.markdown import BODY_LIMIT
from causes.text.numbers import whole_number
from causes.text.objections import objections


class WritingViews(EntryPages):
    """Mixed into the ModelAdmin of an entry."""

    def writing_context(self, request: HttpRequest, entry: Entry | None) -> dict[str, Any]:
        """The addresses for the form's scripts, and the advice for browsers without scripts."""
        newest = entry.newest if entry is not None else None
        text = Text.of(newest) if newest else Text("")
        may_add = request.user.has_perm("causes.add_source")
        return {
            "look_url": self.desk_url("look"),
            "pick_url": reverse("admin:causes_source_pick"),
            "add_source_url": reverse("admin:causes_source_add") if may_add else "",
            # Made with the page: a form that was refused is put together under the write lock.
            "advice": SimpleLazyObject(lambda: advice_on(text, self.kind) if newest else []),
            "measure": SimpleLazyObject(lambda: measure(text.body)),
        }

    def look_view(self, request: HttpRequest) -> HttpResponse:
        """The text in the form, unsaved, as the public page would show it, with advice.

        Writes nothing, and is never cached.
        """
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        text = _text_in(request)
        reading = read_unsaved(
            text.title or "No title yet",
            text.summary,
            text.body,
            text.category,
            sorted(text.tags, key=lambda tag: tag.sort_name),
        )
        context = {"reading": reading, "kind": self.kind}
        advice = {"advice": advice_on(text, self.kind), "measure": measure(text.body)}
        response = JsonResponse(
            {
                "page": render_to_string("look.html", context),
                "advice": render_to_string("admin/causes/entry/advice.html", advice),
            }
        )
        response["Cache-Control"] = "no-store, private"
        return response


def _text_in(request: HttpRequest) -> Text:
    data = request.POST
    return Text(
        data.get("title", "")[:500],
        data.get("summary", "")[:2000],
        data.get("body", "").replace("\x00", "")[:BODY_LIMIT],
        Category.objects.filter(pk__in=_numbers([data.get("category", "")])).first(),
        frozenset(Tag.objects.filter(pk__in=_numbers(data.getlist("tags")))),
    ).tidied()


def _numbers(values: Iterable[str]) -> list[int]:
    return [pk for pk in map(whole_number, values) if pk is not None]


def advice_on(text: Text, kind: str) -> list[Advice]:
    """Reasons why saving would be refused, then why publishing would be, then other advice."""
    found = [Advice("body", sentence) for sentence in objections(text.body)]
    found += [
        Advice(field, sentence)
        for field, sentence in publishing_problems(text, kind)
        if field != "summary"  # `advise` has its own words for it
    ]
    withdrawn = Source.objects.filter(key__in=cited_keys(text.body)).exclude(withdrawn_on=None)
    found += [
        Advice("body", f"It cites [@{source.key}], which was withdrawn.", source.withdrawn_reason)
        for source in withdrawn
    ]
    return found + advise(text.title, text.summary, text.body)
