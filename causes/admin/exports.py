"""Exports at the desk: all of the content, a part of it, or the entries that are ticked."""

import tempfile
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase

from causes.admin.base import DeskAdmin
from causes.interchange.export import NotExported, Selection, export
from causes.models import Category, Tag

FILE_NAMES = {"public": "content", "live": "live", "history": "history"}
"""The name of the file for each mode of a `Selection`."""


class ExportForm(forms.Form):
    """The selection of content, and the format of the file."""

    mode = forms.ChoiceField(
        label="Content",
        choices=(
            ("public", "Live and scheduled revisions"),
            ("live", "Live revisions only"),
            ("history", "Everything: drafts, all revisions, and when each was public"),
        ),
        initial="public",
        widget=forms.RadioSelect,
    )
    category = forms.ModelChoiceField(Category.objects.current(), required=False)
    tag = forms.ModelChoiceField(Tag.objects.current(), required=False)
    file_format = forms.ChoiceField(
        choices=(("json", "JSON"), ("jsonl", "JSON Lines: one row per line")),
        initial="json",
    )


class ExportView(DeskAdmin):
    """Mixed into the ModelAdmin of imports."""

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """The form, or the file once the form is filled in."""
        if not may_export(request):
            raise PermissionDenied
        form = ExportForm(request.GET if "file_format" in request.GET else None)
        if form.is_bound and form.is_valid():
            data = form.cleaned_data
            selection = Selection(
                data["mode"],
                categories=(data["category"].slug,) if data["category"] else (),
                tags=(data["tag"].slug,) if data["tag"] else (),
            )
            try:
                return download(selection, data["file_format"])
            except NotExported as error:
                form.add_error(None, str(error))
        return self.desk_page(request, "import/export.html", "Export content", {"form": form})


def may_export(request: HttpRequest) -> bool:
    """Whether the person may read causes and pages at the desk: an export can hold drafts."""
    return request.user.has_perms(("causes.view_cause", "causes.view_page"))


def download(selection: Selection, file_format: str = "json") -> FileResponse:
    """A fixture as a file to be saved. Raises NotExported."""
    # Written to disk first: a slow reader must not keep a transaction open.
    held = tempfile.TemporaryFile("w+b")  # noqa: SIM115 (the response closes it)
    try:
        for piece in export(selection, file_format):
            held.write(piece.encode())
    except NotExported:
        held.close()
        raise
    held.seek(0)
    name = f"{FILE_NAMES[selection.mode]}.{file_format}"
    response = FileResponse(held, as_attachment=True, filename=name)
    response["Cache-Control"] = "no-store, private"
    response["Content-Type"] = f"application/{file_format}"
    return response


def export_action(mode: str, label: str) -> Callable[..., FileResponse | None]:
    """An action on the list of entries that exports those that are ticked."""

    @admin.action(description=label, permissions=["export"])
    def act(desk: DeskAdmin, request: HttpRequest, queryset: QuerySet[Any]) -> FileResponse | None:
        slugs = tuple(queryset.order_by("slug").values_list("slug", flat=True))
        try:
            return download(Selection(mode, entries=slugs))
        except NotExported as error:
            desk.message_user(request, str(error), messages.ERROR)
            return None

    act.__name__ = f"export_{mode}"
    return act
