"""The base of every ModelAdmin that saves: no text is lost, and none is overwritten unseen."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.contrib import messages
from django.contrib.admin import helpers
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.contrib.contenttypes.models import ContentType
from django.core import serializers
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from causes import database
from causes.admin.base import DeskAdmin
from causes.admin.request import locked_if_posted
from causes.admin.seen import ShowsBoth, label_of, plain, seal, unsaid, unseal, worded
from causes.database.trouble import Trouble, trouble_of
from causes.publishing import shown


class KeepsText(DeskAdmin):
    """Saves and deletes in one transaction under the write lock, and compares first.

    Before Django's own ModelAdmin of a model, if there is one.
    """

    # The form --------------------------------------------------------------------------------

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return self.showing_both(request, obj, form)

    def showing_both(self, request: HttpRequest, obj: Any, form: type[Any]) -> Any:
        """The form of a row, with the comparison of `ShowsBoth` if it lacks that."""
        parts = (form,) if issubclass(form, ShowsBoth) else (ShowsBoth, form)
        return type(form.__name__, parts, {"moved": self._moved(request, obj)})

    def _moved(self, request: HttpRequest, obj: Any) -> str:
        """The sentence about a move, if the address names another row than the form has."""
        match = request.resolver_match
        named = unquote(match.kwargs.get("object_id", "")) if match else ""
        return self.moved_to(named)[1] if named and obj and named != str(obj.pk) else ""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The form, saved under the write lock, or shown again while somebody else holds it."""
        if request.method != "POST":
            return self._form_or_where_it_went(request, object_id, form_url, extra_context)
        try:
            # The lock comes before the row is read, so the row stays as it is compared.
            with self.reading_ahead(request, object_id), database.writing():
                return self._form_or_where_it_went(request, object_id, form_url, extra_context)
        except database.Busy as busy:
            why = str(busy)
        except Error as error:
            trouble = trouble_of(error)
            if trouble not in (Trouble.LOCKED, Trouble.READ_ONLY, Trouble.FULL):
                raise
            why = f"{trouble.sentence} {trouble.saved_nothing}"
        return self._form_kept(request, object_id, form_url, extra_context, why)

    def reading_ahead(
        self, request: HttpRequest, object_id: str | None
    ) -> AbstractContextManager[None]:
        """Reads a long text that was sent, before the lock is taken; see `read_ahead`."""
        return nullcontext()

    def _form_or_where_it_went(
        self,
        request: HttpRequest,
        object_id: str | None,
        form_url: str,
        extra_context: dict[str, Any] | None,
    ) -> Any:
        if object_id is not None and self.get_object(request, unquote(object_id)) is None:
            row, sentence = self.moved_to(unquote(object_id))
            if row is not None and request.method != "POST":
                return self.go_to(request, self.desk_url("change", row.pk), sentence)
            if row is not None:
                object_id = str(row.pk)
            elif request.method == "POST":
                return self._deleted_view(request, unquote(object_id))
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _form_kept(
        self,
        request: HttpRequest,
        object_id: str | None,
        form_url: str,
        extra_context: dict[str, Any] | None,
        why: str,
    ) -> HttpResponse:
        """The form as it was typed, with the reason why it is not saved.

        Django's own view would open a transaction for it, and SQLite would wait for that.
        """
        adds = object_id is None
        obj = None if object_id is None else self.get_object(request, unquote(object_id))
        if object_id is not None and obj is None:
            return self._deleted_view(request, unquote(object_id))
        may = self.has_add_permission(request) if adds else self.has_change_permission(request, obj)
        if not may:
            raise PermissionDenied
        fieldsets: Any = self.get_fieldsets(request, obj)
        form_class = self.get_form(
            request, obj, change=not adds, fields=flatten_fieldsets(fieldsets)
        )
        form = form_class(request.POST, request.FILES, instance=obj)
        form.add_error(None, why)
        readonly = self.get_readonly_fields(request, obj)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{'Add' if adds else 'Change'} {self.opts.verbose_name}",
            "adminform": helpers.AdminForm(form, list(fieldsets), {}, readonly, model_admin=self),
            "object_id": object_id,
            "original": obj,
            "media": self.media + form.media,
            "inline_admin_formsets": [],
            "errors": helpers.AdminErrorList(form, []),
            "preserved_filters": self.get_preserved_filters(request),
            **(extra_context or {}),
        }
        return self.render_change_form(
            request, context, add=adds, change=not adds, form_url=form_url, obj=obj
        )

    def moved_to(self, pk: str) -> tuple[Any, str]:
        """The row that took the place of another, and a sentence about it; (None, "") if none."""
        return None, ""

    def _deleted_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Shows the words that somebody typed about a row that was deleted in the meantime."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        blank = self.model()
        form = self.get_form(request, blank, change=True)(request.POST, instance=blank)
        words = []
        for name, field in form.fields.items():
            value = plain(field, form[name].data)
            if value and not field.disabled:
                read = worded(field, value)
                text = ", ".join(read) if isinstance(read, list) else read
                words.append((label_of(field, name), text, name))
        return self.gone_page(request, f"{self._deletion(pk)} Nothing was saved.", words)

    def _deletion(self, pk: str) -> str:
        """Who deleted a row, and when, as a sentence."""
        kind = ContentType.objects.get_for_model(self.model, for_concrete_model=False)
        log = LogEntry.objects.filter(content_type=kind, object_id=pk, action_flag=DELETION)
        line = log.select_related("user").first()
        noun = self.opts.verbose_name
        if line is None:
            return f"This {noun} was deleted while you had it open."
        who, when = line.user.get_username(), shown(line.action_time)
        return f"{who} deleted the {noun} “{line.object_repr}” on {when}."

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Puts the comparison into the title and leaves out the error that it repeats."""
        form = context["adminform"].form
        if form.meeting:
            context["title"] = f"{form.meeting.title}: {context['title'].lower()}"
        if form.meeting and form.errors == {NON_FIELD_ERRORS: [form.meeting.sentence]}:
            context["errors"] = None  # the page says this in its own words
        return super().render_change_form(request, context, *args, **kwargs)

    # Deleting ----------------------------------------------------------------------------------

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """The page that asks, or the deletion, under the write lock."""
        try:
            with locked_if_posted(request):
                return self._deleted_as_seen(request, object_id, extra_context)
        except database.Busy as refusal:
            return self.go_to(request, request.path, str(refusal), messages.ERROR)

    def _deleted_as_seen(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None
    ) -> Any:
        """Django's own page, unless the row moved, or changed after the page was shown."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            new, sentence = self.moved_to(unquote(object_id))
            if new is not None:
                address = self.desk_url("change", new.pk)
                return self.go_to(request, address, f"{sentence} Nothing was deleted.")
        state = {"state": state_of(row)} if row is not None else {}
        if (
            request.method == "POST"
            and row is not None
            and self.has_delete_permission(request, row)
        ):
            seen, noun = unseal(request.POST), f"this {self.opts.verbose_name}"
            changed = f"Somebody changed {noun} after you opened this page, so it was not deleted."
            if seen is None or seen.values != state:
                sentence = changed if seen else unsaid(noun)
                return self.go_to(request, request.path, sentence, messages.WARNING)
        context = {"sealed": seal(state), **(extra_context or {})}
        return super().delete_view(request, object_id, context)


def state_of(row: Any) -> str:
    """A text that differs after every change of a row or of a row that it links to."""
    text = serializers.serialize("json", [row])
    return salted_hmac("causes.admin.state", text, algorithm="sha256").hexdigest()
