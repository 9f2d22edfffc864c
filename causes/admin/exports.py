"""Exports at the desk: all of the content, some of it, or the entries that are ticked."""

import tempfile
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest
from django.template.response import TemplateResponse

from causes.interchange.export import NotExported, Selection, export
from causes.models import Category, Tag


class ExportForm(forms.Form):
    mode = forms.ChoiceField(
        label="What",
        choices=(
            ("public", "what is live or scheduled"),
            ("live", "what is live"),
            ("history", "everything: drafts, every revision, when each was public"),
        ),
        initial="public",
        widget=forms.RadioSelect,
    )
    category = forms.ModelChoiceField(Category.objects.current(), required=False)
    tag = forms.ModelChoiceField(Tag.objects.current(), required=False)
    form = forms.ChoiceField(
        label="As",
        choices=(("json", "JSON"), ("jsonl", "JSON Lines: a row a line")),
        initial="json",
    )


class ExportView:
    """Mixed into the ModelAdmin of imports."""

    _context: Any

    def export_view(self, request: HttpRequest) -> Any:
        if not may_export(request):
            raise PermissionDenied
        form = ExportForm(request.GET if "form" in request.GET else None)
        if form.is_bound and form.is_valid():
            data = form.cleaned_data
            selection = Selection(
                data["mode"],
                categories=(data["category"].slug,) if data["category"] else (),
                tags=(data["tag"].slug,) if data["tag"] else (),
            )
            try:
                return download(selection, data["form"])
            except NotExported as error:
                form.add_error(None, str(error))
        context = self._context(request, "Export content", form=form)
        return TemplateResponse(request, "admin/causes/import/export.html", context)


def may_export(request: HttpRequest) -> bool:
    """An export holds drafts, too: it is for those who may read them here."""
    return request.user.has_perms(("causes.view_cause", "causes.view_page"))


def download(selection: Selection, form: str = "json") -> FileResponse:
    """A fixture as a file to be saved. Raises NotExported."""
    # Laid down first: a slow reader must not keep a transaction open.
    held = tempfile.TemporaryFile("w+b")  # noqa: SIM115 (the response closes it)
    try:
        for piece in export(selection, form):
            held.write(piece.encode())
    except NotExported:
        held.close()
        raise
    held.seek(0)
    names = {"public": "content", "live": "live", "history": "history"}
    name = f"{names[selection.mode]}.{form}"
    response = FileResponse(held, as_attachment=True, filename=name)
    response["Cache-Control"] = "no-store, private"
    response["Content-Type"] = "application/json" if form == "json" else "application/jsonl"
    return response


def export_action(mode: str, label: str) -> tuple[Callable[..., Any], str, str]:
    """An action on the list of entries, as `get_actions` wants it."""

    def act(desk: Any, request: HttpRequest, queryset: Any) -> Any:
        slugs = tuple(queryset.order_by("slug").values_list("slug", flat=True))
        try:
            return download(Selection(mode, entries=slugs))
        except NotExported as error:
            desk.message_user(request, str(error), messages.ERROR)
            return None

    act.__name__ = name = f"export_{mode}"
    return act, name, label
