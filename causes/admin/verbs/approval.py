"""Submit, send back, approve."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest

from causes import publishing
from causes.admin.request import person_of
from causes.admin.status import EntryStatus
from causes.admin.verbs.page import AskForm, Done, VerbPage
from causes.models import Revision
from causes.models.event import REASON_LIMIT
from causes.models.texts import TextFormField
from causes.publishing import Text, publishing_problems
from causes.states import Step


def _still_missing(revision: Revision) -> list[str]:
    found = publishing_problems(Text.of(revision), revision.entry.kind)
    return [f"Before it can be published: {sentence}" for _, sentence in found]


class Submit(VerbPage):
    """Asks for the approval of a draft."""

    name, label, button = "submit", "Submit for approval", "Submit"
    permission = "submit_entry"

    def offered(self, status: EntryStatus) -> bool:
        return status.step in (Step.DRAFT, Step.SENT_BACK)

    def sentences(self, revision: Revision, status: EntryStatus) -> list[str]:
        return [
            f"Revision {revision.number} will wait for approval. An approval is valid for one "
            "revision only: if you save another one, submit that one, too.",
            *_still_missing(revision),
        ]

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> Done:
        publishing.submit(revision, by=person_of(request), reason=data["reason"])
        return Done(f"Revision {revision.number} is waiting for approval.")


class SendBackForm(AskForm):
    """A reason is required, since the writer needs one."""

    reason = TextFormField(
        max_length=REASON_LIMIT,
        widget=forms.Textarea(attrs={"rows": 4}),
        label="Changes that are needed",
        help_text="The writer sees this at the top of the form.",
    )


class SendBack(VerbPage):
    """Returns a draft to its writer, with a reason."""

    name, label, button = "send_back", "Send back", "Send it back"
    permission, form = "send_back_entry", SendBackForm

    def offered(self, status: EntryStatus) -> bool:
        return status.step in (Step.SUBMITTED, Step.APPROVED)

    def sentences(self, revision: Revision, status: EntryStatus) -> list[str]:
        return [f"Revision {revision.number} goes back to its writer. Nothing changes for readers."]

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> Done:
        publishing.send_back(revision, by=person_of(request), reason=data["reason"])
        return Done(f"Revision {revision.number} was sent back, with your reason.")


class Approve(VerbPage):
    """Approves one exact revision."""

    name, label, button = "approve", "Approve", "Approve this text"
    permission = "approve_entry"

    def offered(self, status: EntryStatus) -> bool:
        return status.step == Step.SUBMITTED

    def sentences(self, revision: Revision, status: EntryStatus) -> list[str]:
        rule = "You cannot approve a text if you wrote any of it since the last live revision."
        return [
            f"You approve revision {revision.number} and no other. This does not make it public: "
            "publish or schedule it next.",
            *([rule] if settings.FOUR_EYES else []),
            *_still_missing(revision),
        ]

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> Done:
        publishing.approve(revision, by=person_of(request), reason=data["reason"])
        return Done(f"Revision {revision.number} is approved. You can now publish or schedule it.")
