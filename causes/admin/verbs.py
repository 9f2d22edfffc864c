"""Pages that ask before a verb is carried out: take down, rename, record a review."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.options import csrf_protect_m
from django.contrib.admin.widgets import AdminDateWidget
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.timezone import localdate

from causes import publishing
from causes.models import Publication, Review
from causes.publishing import NotLive, SlugTaken

REVIEW_MONTHS = 36
"""How long a clinical review holds unless somebody says otherwise."""


class TakeDownForm(forms.Form):
    reason = forms.CharField(
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For your colleagues, in the event log. Readers do not see it.",
    )


class RenameForm(forms.Form):
    slug = forms.CharField(
        label="New slug", max_length=100, help_text="Small letters, digits, single hyphens."
    )
    reason = forms.CharField(required=False, max_length=500)


class ReviewForm(forms.ModelForm):
    # The very text that was on the screen: another may be public when the form comes back.
    reviewed = forms.UUIDField(widget=forms.HiddenInput)

    class Meta:
        model = Review
        fields = ("reviewer", "qualification", "reviewed_on", "due_on", "notes")
        widgets = {"reviewed_on": AdminDateWidget, "due_on": AdminDateWidget}
        help_texts = {
            "reviewer": "The page will show this name.",
            "qualification": "For example: MD, consultant neurologist.",
            "due_on": f"Left empty, it is {REVIEW_MONTHS} months after the review.",
            "notes": "For your colleagues. Readers do not see them.",
        }

    def clean_reviewed_on(self) -> date:
        reviewed_on: date = self.cleaned_data["reviewed_on"]
        if reviewed_on > localdate():
            raise forms.ValidationError("A review cannot have happened in the future.")
        return reviewed_on

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        reviewed_on, due_on = data.get("reviewed_on"), data.get("due_on")
        if reviewed_on and not due_on:
            data["due_on"] = _months_later(reviewed_on, REVIEW_MONTHS)
        elif reviewed_on and due_on and due_on <= reviewed_on:
            self.add_error("due_on", "The next review is due after this one.")
        return data


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):  # 31 January and three months is 30 April
        try:
            return date(day.year + year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


class VerbViews:
    """Mixed into the ModelAdmin of an entry, whose methods it calls."""

    _entry: Any
    _revision: Any
    desk_context: Any
    desk_url: Any
    has_change_permission: Any
    may_publish: Any
    message_user: Any
    media: Any

    def may_rename(self, request: HttpRequest, entry: Any = None) -> bool:
        may_change = self.has_change_permission(request, entry)
        return bool(may_change and request.user.has_perm("causes.rename_entry"))

    def _ask(self, request: HttpRequest, entry: Any, form: Any, **context: Any) -> TemplateResponse:
        desk = self.desk_context(request, entry)
        media = self.media + form.media
        return TemplateResponse(
            request, "admin/causes/entry/ask.html", desk | {"form": form, "media": media} | context
        )

    @csrf_protect_m
    def take_down_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        entry = self._entry(request, pk, change=True)
        if not self.may_publish(request, entry):
            raise PermissionDenied
        form = TakeDownForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                publishing.take_down(entry, by=request.user, reason=form.cleaned_data["reason"])
            except NotLive as refusal:
                self.message_user(request, str(refusal), messages.WARNING)
            else:
                self.message_user(
                    request,
                    "The page is taken down: readers no longer find it. Its texts are kept.",
                    messages.SUCCESS,
                )
            return HttpResponseRedirect(self.desk_url("change", entry.pk))
        upcoming = Publication.objects.filter(entry=entry).upcoming()
        return self._ask(
            request,
            entry,
            form,
            title=f"Take down “{entry.newest.title}”?",
            button="Take it down",
            sentences=[
                f"{entry.get_absolute_url()} will answer “There is no such page” from now on.",
                "Nothing is deleted: you can publish it again at any time.",
                *(
                    f"What is scheduled for {span.live_from:%d %B %Y, %H:%M} UTC is cancelled."
                    for span in upcoming
                ),
            ],
        )

    @csrf_protect_m
    def rename_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        entry = self._entry(request, pk, change=True)
        if not self.may_rename(request, entry):
            raise PermissionDenied
        form = RenameForm(
            request.POST if request.method == "POST" else None, initial={"slug": entry.slug}
        )
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            old = entry.get_absolute_url()
            try:
                entry = publishing.rename(
                    entry, data["slug"], by=request.user, reason=data["reason"]
                )
            except SlugTaken as refusal:
                form.add_error("slug", str(refusal))
            else:
                self.message_user(
                    request,
                    f"The address is {entry.get_absolute_url()} now"
                    + (f", and {old} leads there." if entry.ever_public() else "."),
                    messages.SUCCESS,
                )
                return HttpResponseRedirect(self.desk_url("change", entry.pk))
        return self._ask(
            request,
            entry,
            form,
            title=f"Rename “{entry.newest.title}”",
            button="Change the address",
            sentences=[
                f"Its address is {entry.get_absolute_url()} today.",
                "The change is public at once. If it was ever public, the old address redirects.",
            ],
        )

    @csrf_protect_m
    def review_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Records that a clinician reviewed the text that is live, or else the newest one."""
        entry = self._entry(request, pk, change=True)
        if not self.may_publish(request, entry):
            raise PermissionDenied
        live = Publication.objects.filter(entry=entry).live().select_related("revision").first()
        revision = live.revision if live else entry.newest
        if request.method == "POST":
            revision = self._revision(entry, request.POST.get("reviewed", ""))
        form = ReviewForm(
            request.POST if request.method == "POST" else None,
            initial={"reviewed_on": localdate(), "reviewed": revision.uuid},
        )
        is_live = live is not None and live.revision_id == revision.pk
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            del data["reviewed"]
            publishing.record_review(revision, by=request.user, **data)
            self.message_user(
                request,
                f"The review of revision {revision.number} is recorded. The text did not change.",
                messages.SUCCESS,
            )
            return HttpResponseRedirect(self.desk_url("change", entry.pk))
        return self._ask(
            request,
            entry,
            form,
            title=f"Record a clinical review of “{revision.title}”",
            button="Record the review",
            sentences=[
                f"The review is of revision {revision.number}, "
                + ("the text that is public." if is_live else "which is not public now."),
                "If the text is changed later, the page says that it was edited since.",
            ],
        )
