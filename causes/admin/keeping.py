"""What every ModelAdmin of the desk is made of: nothing is lost, or overwritten unseen."""

from contextlib import nullcontext
from typing import Any

from django.contrib import messages
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.contenttypes.models import ContentType
from django.core import serializers
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.crypto import salted_hmac

from causes import database
from causes.admin.shown import ShowsBoth, plain, seal, unsaid, unseal, worded
from causes.publishing import shown


class KeepsText:
    """Mixed into a ModelAdmin, before it. Saving is one transaction under the write lock."""

    model: Any
    opts: Any
    admin_site: Any
    get_object: Any
    has_change_permission: Any
    has_delete_permission: Any
    message_user: Any

    # The form --------------------------------------------------------------------------------

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return keeping(request, super().get_form(request, *args, **kwargs))  # type: ignore[misc]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        if request.method != "POST":
            return self._form_or_where_it_went(request, object_id, form_url, extra_context)
        # Looked at first: SQLite waits for the lock before anything can be said.
        if not database.import_running():
            try:
                # Before the row is read, so that it stays as it is compared.
                with database.writing():
                    return self._form_or_where_it_went(request, object_id, form_url, extra_context)
            except database.ImportRunning:
                pass
            except OperationalError:
                if not database.import_running():
                    raise
        request.import_running = str(database.ImportRunning())  # type: ignore[attr-defined]
        # Past the transaction: the form is refused, so that nothing is written.
        return self._changeform_view(  # type: ignore[attr-defined]
            request, object_id, form_url, extra_context
        )

    def _form_or_where_it_went(
        self, request: HttpRequest, object_id: str | None, form_url: str, extra_context: Any
    ) -> Any:
        if object_id is not None and self.get_object(request, unquote(object_id)) is None:
            row, sentence = self.moved_to(unquote(object_id))
            if row is not None and request.method == "POST":
                request.moved = sentence  # type: ignore[attr-defined]
                object_id = str(row.pk)
            elif row is not None:
                self.message_user(request, sentence, messages.INFO)
                return HttpResponseRedirect(self._address("change", row.pk))
            elif request.method == "POST":
                return self.gone_view(request, unquote(object_id))
        return super().changeform_view(  # type: ignore[misc]
            request, object_id, form_url, extra_context
        )

    def moved_to(self, pk: str) -> tuple[Any, str]:
        """The row that has taken the place of one, and a sentence about it; (None, "") if none."""
        return None, ""

    def gone_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The words that somebody typed about a row which was deleted meanwhile."""
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
                label = str(field.label or name.replace("_", " ")).capitalize()
                words.append((label, text, name))
        return gone_page(request, self, f"{self._deleted(request, pk)} Nothing was saved.", words)

    def _deleted(self, request: HttpRequest, pk: str) -> str:
        kind = ContentType.objects.get_for_model(self.model, for_concrete_model=False)
        log = LogEntry.objects.filter(content_type=kind, object_id=pk, action_flag=DELETION)
        line = log.select_related("user").first()
        what = self.opts.verbose_name
        if line is None:
            return f"This {what} was deleted while you had it open."
        who = line.user.get_username()
        return f"{who} deleted the {what} “{line.object_repr}” on {shown(line.action_time)}."

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        form = context["adminform"].form
        if form.meeting:
            context["title"] = f"{form.meeting.title}: {context['title'].lower()}"
        if form.meeting and form.errors == {NON_FIELD_ERRORS: [form.meeting.sentence]}:
            context["errors"] = None  # it is no error, and the page says it in its own words
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]

    # Deleting ----------------------------------------------------------------------------------

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        posted = request.method == "POST"
        try:
            with database.writing() if posted else nullcontext():
                row = self.get_object(request, unquote(object_id))
                state = {"state": state_of(row)} if row is not None else {}
                if posted and row is not None and self.has_delete_permission(request, row):
                    seen = unseal(request.POST)
                    if seen is None or seen.values != state:
                        what = f"this {self.opts.verbose_name}"
                        changed = f"Somebody changed {what} after you opened this page."
                        sentence = f"{changed} It is not deleted." if seen else unsaid(what)
                        self.message_user(request, sentence, messages.WARNING)
                        return HttpResponseRedirect(request.path)
                context = {"sealed": seal(state), **(extra_context or {})}
                return super().delete_view(request, object_id, context)  # type: ignore[misc]
        except database.ImportRunning as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(request.path)

    def _address(self, name: str, *args: Any) -> str:
        label = f"{self.opts.app_label}_{self.opts.model_name}"
        return reverse(f"{self.admin_site.name}:{label}_{name}", args=args)


def gone_page(
    request: HttpRequest, admin: Any, sentence: str, words: list[tuple[str, str, str]]
) -> HttpResponse:
    """Says where a row went, with (label, text, name) of what was typed about it."""
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": "It is not here any more",
        "sentence": sentence,
        "words": words,
        "may_add": admin.has_add_permission(request),
    }
    return TemplateResponse(request, "admin/causes/gone.html", context)


def state_of(row: Any) -> str:
    """Another text after every change of a row or of what it is linked to."""
    return salted_hmac("causes.admin.state", serializers.serialize("json", [row])).hexdigest()


def keeping(request: HttpRequest, form: Any) -> Any:
    """The form as the desk needs it: it shows both sides, and is refused while an import runs."""
    parts = (form,) if issubclass(form, ShowsBoth) else (ShowsBoth, form)
    form = type(form.__name__, parts, {"moved": getattr(request, "moved", "")})
    sentence = getattr(request, "import_running", "")
    return type(form.__name__, (_Refused, form), {"refusal": sentence}) if sentence else form


class _Refused:
    refusal: str

    def clean(self) -> Any:
        super().clean()  # type: ignore[misc]
        raise ValidationError(self.refusal)
