"""Record a clinical review."""

from datetime import date
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminDateWidget
from django.http import HttpRequest

from causes import publishing
from causes.admin.verbs.page import Desk, VerbPage
from causes.clock import future_objection, today
from causes.models import Review, Revision
from causes.publishing.reviews import review_months


class ReviewForm(forms.ModelForm):
    # The very text that was on the screen: another may be public when the form comes back.
    revision = forms.UUIDField(widget=forms.HiddenInput)

    class Meta:
        model = Review
        fields = ("reviewer", "qualification", "reviewed_on", "due_on", "notes")
        widgets = {"reviewed_on": AdminDateWidget, "due_on": AdminDateWidget}
        help_texts = {
            "reviewer": "The page will show this name.",
            "qualification": "For example: MD, consultant neurologist.",
            "due_on": "Left empty, it follows the interval of the category.",
            "notes": "For your colleagues. Readers do not see them.",
        }

    def clean_reviewed_on(self) -> date:
        reviewed_on: date = self.cleaned_data["reviewed_on"]
        if sentence := future_objection(reviewed_on):
            raise forms.ValidationError(sentence)
        return reviewed_on

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        reviewed_on, due_on = data.get("reviewed_on"), data.get("due_on")
        if reviewed_on and due_on and due_on <= reviewed_on:
            self.add_error("due_on", "The next review is due after this one.")
        return data


class RecordReview(VerbPage):
    """Of the text that is live, or else of the newest one."""

    name, label, button = "review", "Record a review", "Record the review"
    permission, form = "review_entry", ReviewForm
    causes_only = True

    def title(self, revision: Revision) -> str:
        return f"Record a clinical review of “{revision.title}”"

    def revision(self, entry: Any, desk: Desk) -> Revision:
        newest: Revision = entry.newest
        return desk.live.revision if desk.live else newest

    def initial(self, request: HttpRequest, revision: Revision) -> dict[str, Any]:
        name: str = request.user.get_full_name()  # type: ignore[union-attr]
        return {"reviewed_on": today(), "reviewer": name}

    def sentences(self, entry: Any, revision: Revision, desk: Desk) -> list[str]:
        is_live = desk.live is not None and desk.live.revision_id == revision.pk
        return [
            f"The review is of revision {revision.number}, "
            + ("the text that is public." if is_live else "which is not public now."),
            f"Unless you say otherwise, the next one is due {review_months(revision)} months "
            "later. If the text is changed, the page says that it was edited since.",
        ]

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> str:
        del data["revision"]
        review = publishing.record_review(revision, by=request.user, **data)
        return (
            f"The review of revision {revision.number} is recorded, and the next one is due on "
            f"{review.due_on:%d %B %Y}. The text did not change."
        )
