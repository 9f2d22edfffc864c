"""Record a clinical review."""

from datetime import date
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminDateWidget
from django.http import HttpRequest

from causes import publishing
from causes.admin.request import person_of
from causes.admin.status import EntryStatus
from causes.admin.verbs.page import Done, VerbPage
from causes.clock import future_objection, today
from causes.models import Entry, Review, Revision
from causes.publishing.reviews import review_months


class ReviewForm(forms.ModelForm):
    """The review to be recorded, which is a row of its own."""

    # The exact revision that was on the screen: another may be live when the form is sent.
    revision = forms.UUIDField(widget=forms.HiddenInput)

    class Meta:
        model = Review
        fields = ("reviewer", "qualification", "reviewed_on", "due_on", "notes")
        widgets = {"reviewed_on": AdminDateWidget, "due_on": AdminDateWidget}
        help_texts = {
            "reviewer": "The page will show this name.",
            "qualification": "For example: MD, consultant neurologist.",
            "due_on": "Leave this empty to use the review interval of the category.",
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
            self.add_error("due_on", "The next review must be due after this one.")
        return data


class RecordReview(VerbPage):
    """Records that a clinician read the live revision, or the newest one if none is live."""

    name, label, button = "review", "Record a review", "Record the review"
    permission, form = "review_entry", ReviewForm
    causes_only = True

    def title(self, revision: Revision) -> str:
        return f"Record a clinical review of “{revision.title}”"

    def revision(self, entry: Entry, status: EntryStatus) -> Revision:
        return status.live.revision if status.live else super().revision(entry, status)

    def initial(self, request: HttpRequest, revision: Revision) -> dict[str, Any]:
        return {"reviewed_on": today(), "reviewer": person_of(request).get_full_name()}

    def sentences(self, revision: Revision, status: EntryStatus) -> list[str]:
        is_live = status.live is not None and status.live.revision_id == revision.pk
        return [
            f"The review is of revision {revision.number}, "
            + ("which is live." if is_live else "which is not public now."),
            f"The next review is due after {review_months(revision)} months unless you enter "
            "another date. If the text changes later, the page says that it was edited since "
            "the review.",
        ]

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> Done:
        del data["revision"]
        review = publishing.record_review(revision, by=person_of(request), **data)
        return Done(
            f"The review of revision {revision.number} is recorded. The next one is due on "
            f"{review.due_on:%d %B %Y}. The text did not change."
        )
