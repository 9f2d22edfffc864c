"""Help while writing: the text as readers would see it, and what a publisher would object to."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseNotAllowed, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse

from causes.models import Category, Source, Tag
from causes.publishing import Text, publishing_problems
from causes.reading import read_unsaved
from causes.text.advice import Advice, advise, measure
from causes.text.body import cited_keys, objections
from causes.text.markdown import BODY_LIMIT


class WritingViews:
    """Mixed into the ModelAdmin of an entry, whose methods it calls."""

    kind: str
    desk_url: Any
    has_view_permission: Any

    def writing_context(self, request: HttpRequest, entry: Any) -> dict[str, Any]:
        """What the form's scripts need to know, and the advice as it is without them."""
        newest = entry.newest if entry is not None else None
        text = Text.of(newest) if newest else Text("")
        return {
            "look_url": self.desk_url("look"),
            "pick_url": reverse("admin:causes_source_pick"),
            "add_source_url": reverse("admin:causes_source_add")
            if request.user.has_perm("causes.add_source")
            else "",
            "advice": advice_on(text, self.kind) if newest else [],
            "measure": measure(text.body),
        }

    def look_view(self, request: HttpRequest) -> Any:
        """What the form holds, unsaved: as the public page would show it, with advice.

        Writes nothing, and is never cacheable.
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
            sorted(text.tags, key=str),
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
    numbers = [value for value in data.getlist("tags") if value.isascii() and value.isdigit()]
    category = data.get("category", "")
    return Text(
        data.get("title", "")[:500],
        data.get("summary", "")[:2000],
        data.get("body", "").replace("\x00", "")[:BODY_LIMIT],
        Category.objects.filter(pk=category).first()
        if category.isascii() and category.isdigit()
        else None,
        frozenset(Tag.objects.filter(pk__in=[n for n in numbers if len(n) < 19])),
    ).tidied()


def advice_on(text: Text, kind: str) -> list[Advice]:
    """What would be refused when it is saved, then when it is published, then other advice."""
    said = {"summary"}  # the advice below says it in its own words
    found = [Advice("body", sentence) for sentence in objections(text.body)]
    found += [
        Advice(field, sentence)
        for field, sentence in publishing_problems(text, kind)
        if field not in said
    ]
    withdrawn = Source.objects.filter(key__in=cited_keys(text.body)).exclude(withdrawn_on=None)
    found += [
        Advice("body", f"It cites [@{source.key}], which was withdrawn.", source.withdrawn_reason)
        for source in withdrawn
    ]
    return found + advise(text.title, text.summary, text.body)
