"""The page that is shown before a verb is carried out: its parts, which each verb fills in."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple

from django import forms
from django.http import HttpRequest

from causes.admin.status import EntryStatus
from causes.models import Entry, Revision
from causes.models.event import REASON_LIMIT
from causes.models.texts import TextFormField


class AskForm(forms.Form):
    """The fields of every such page: the exact revision that was on the screen, and a reason."""

    revision = forms.UUIDField(widget=forms.HiddenInput)
    reason = TextFormField(
        required=False,
        max_length=REASON_LIMIT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For your colleagues, in the event log. Readers do not see it.",
    )


class Done(NamedTuple):
    """The result of a verb that was carried out."""

    sentence: str
    address: str = ""
    """Where to go next. Empty leads to the entry's own page."""


class VerbPage(ABC):
    """One verb: who may do it, when it is offered, what the page says, and what happens."""

    name: ClassVar[str]
    """The verb's own name: in the address, in the name of the URL and in the log."""

    label: ClassVar[str]
    """On the button that leads to the page."""

    button: ClassVar[str]
    """On the button that carries the verb out."""

    permission: ClassVar[str] = ""
    form: ClassVar[type[forms.BaseForm]] = AskForm
    causes_only: ClassVar[bool] = False
    template: ClassVar[str] = "ask.html"
    decides_on: ClassVar[tuple[str, ...]] = ()
    """The labels in `EntryStatus.facts` that a decision rests on: if one of them changed while
    the page was open, the page is shown again instead of carrying the verb out."""

    def may(self, request: HttpRequest, entry: Entry) -> bool:
        """Whether the person may do this to the entry."""
        return request.user.has_perm(f"causes.{self.permission}")

    def offered(self, status: EntryStatus) -> bool:
        """Whether the verb makes sense now. Only the verb itself decides whether it happens."""
        return True

    def title(self, revision: Revision) -> str:
        """The heading of the page."""
        return f"{self.label} “{revision.title}”?"

    def revision(self, entry: Entry, status: EntryStatus) -> Revision:
        """The revision that the page is about, unless the address or the form names another."""
        newest: Revision = entry.newest
        return newest

    def initial(self, request: HttpRequest, revision: Revision) -> dict[str, Any]:
        """The values that the form starts with."""
        return {}

    def sentences(self, revision: Revision, status: EntryStatus) -> list[str]:
        """The paragraphs above the form, which say what will happen."""
        return []

    def context(self, revision: Revision) -> dict[str, Any]:
        """More values for a template of the verb's own."""
        return {}

    @abstractmethod
    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> Done:
        """Carries the verb out with the cleaned data of the form. Raises a Refusal."""
