"""Submit, send back, approve."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest

from causes import publishing
from causes.admin.verbs.page import AskForm, Desk, VerbPage
from causes.models import Revision
from causes.models.texts import TextFormField
from causes.publishing import Text, publishing_problems
from causes.states import Step


def _still_missing(entry: Any, revision: Revision) -> list[str]:
    found = publishing_problems(Text.of(revision), entry.kind)
    return [f"Before it can be published: {sentence}" for _, sentence in found]


class Submit(VerbPage):
    name, label, button = "submit", "Submit for approval", "Submit"
    permission = "submit_entry"

    def offered(self, desk: Desk) -> bool:
        return desk.step in (Step.DRAFT, Step.SENT_BACK)

    def sentences(self, entry: Any, revision: Revision, desk: Desk) -> list[str]:
        return [
            f"Revision {revision.number} will wait for somebody who approves it. "
            "If you save again before that, submit again: approval is of one exact text.",
            *_still_missing(entry, revision),
        ]

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> str:
        publishing.submit(revision, by=request.user, reason=data["reason"])
        return f"Revision {revision.number} waits for approval."


class SendBackForm(AskForm):
    reason = TextFormField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        label="What should be changed",
        help_text="The writer sees it at the top of the form.",
    )


class SendBack(VerbPage):
    name, label, button = "send_back", "Send back", "Send it back"
    permission, form = "send_back_entry", SendBackForm

    def offered(self, desk: Desk) -> bool:
        return desk.step in (Step.SUBMITTED, Step.APPROVED)

    def sentences(self, entry: Any, revision: Revision, desk: Desk) -> list[str]:
        return [f"Revision {revision.number} goes back to its writer. Readers see no difference."]

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> str:
        publishing.send_back(revision, by=request.user, reason=data["reason"])
        return f"Revision {revision.number} is sent back, with your reason."


class Approve(VerbPage):
    name, label, button = "approve", "Approve", "Approve this text"
    permission = "approve_entry"

    def offered(self, desk: Desk) -> bool:
        return desk.step == Step.SUBMITTED

    def sentences(self, entry: Any, revision: Revision, desk: Desk) -> list[str]:
        rule = "You may approve only what you did not write since the last live text."
        return [
            f"You approve revision {revision.number} and no other. It is not public by that: "
            "publish or schedule it next.",
            *([rule] if settings.FOUR_EYES else []),
            *_still_missing(entry, revision),
        ]

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> str:
        publishing.approve(revision, by=request.user, reason=data["reason"])
        return f"Revision {revision.number} is approved. It can be published or scheduled now."
