"""The base of every ModelAdmin at the desk, and of every page about one entry."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from causes.admin.request import person_of
from causes.admin.status import EntryStatus, badges, entry_url
from causes.admin.verbs import VERBS
from causes.models import Entry, Event, Revision
from causes.states import Step


class DeskAdmin(admin.ModelAdmin):
    """A ModelAdmin with short names for its addresses, its pages and its redirects."""

    def desk_url(self, page: str, *args: Any) -> str:
        """The address of one of this model's pages, such as `changelist`."""
        opts = self.opts
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_{page}", args=args)

    def desk_path(self, route: str, view: Callable[..., Any], name: str) -> URLPattern:
        """A pattern for `get_urls`. The wrapper checks sign-in and the CSRF token."""
        full = f"{self.opts.app_label}_{self.opts.model_name}_{name}"
        return path(route, self.admin_site.admin_view(view), name=full)

    def desk_page(
        self, request: HttpRequest, template: str, title: str, context: Mapping[str, Any]
    ) -> TemplateResponse:
        """A page of the desk, with `context` besides the values that every page needs."""
        frame = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": title,
        }
        return TemplateResponse(request, f"admin/causes/{template}", {**frame, **context})

    def go_to(
        self, request: HttpRequest, address: str, sentence: str, level: int = messages.INFO
    ) -> HttpResponseRedirect:
        """Leads to another page, which shows the sentence."""
        self.message_user(request, sentence, level)
        return HttpResponseRedirect(address)

    def gone_page(
        self, request: HttpRequest, sentence: str, words: list[tuple[str, str, str]]
    ) -> HttpResponse:
        """Says that a row was deleted, and shows (label, text, name) of each typed field."""
        may_add = self.has_add_permission(request)
        context = {"sentence": sentence, "words": words, "may_add": may_add}
        return self.desk_page(request, "gone.html", "This page no longer exists", context)


class EntryPages(DeskAdmin):
    """The base of all views that show pages about one entry."""

    kind: ClassVar[str]
    """The `Entry.Kind` of the model."""

    def entry_of(self, request: HttpRequest, pk: int | None, *, change: bool = False) -> Any:
        """The entry, if the person may see it or change it. Raises Http404, PermissionDenied."""
        entry = get_object_or_404(self.model, pk=pk)
        allowed = self.has_change_permission if change else self.has_view_permission
        if not allowed(request, entry):
            raise PermissionDenied
        return entry

    def revision_of(self, entry: Entry, uuid: str | UUID | None) -> Revision:
        """The revision of the entry with this UUID. Raises Http404."""
        try:
            wanted = UUID(str(uuid))
        except ValueError as error:
            raise Http404("Choose two revisions in the history.") from error
        rows = Revision.objects.select_related("entry", "author")
        return get_object_or_404(rows, entry=entry, uuid=wanted)

    def offers(self, request: HttpRequest, entry: Entry, status: EntryStatus) -> list[Any]:
        """The verbs that the person can do with the entry now: (name, label, address)."""
        return [
            (page.name, page.label, entry_url(entry, page.name))
            for page in VERBS
            if page.may(request, entry)
            and page.offered(status)
            and not (page.causes_only and entry.kind != Entry.Kind.CAUSE)
        ]

    def entry_page(
        self,
        request: HttpRequest,
        template: str,
        title: str,
        entry: Entry,
        status: EntryStatus | None = None,
        **context: Any,
    ) -> TemplateResponse:
        """A page about one entry, with `context` besides the values that each of them needs."""
        about = self.entry_context(request, entry, status) | context
        return self.desk_page(request, f"entry/{template}", title, about)

    def entry_context(
        self, request: HttpRequest, entry: Entry, status: EntryStatus | None = None
    ) -> dict[str, Any]:
        """The values for the head of every page about an entry."""
        newest, status = entry.newest, status or EntryStatus(entry)
        steps = Event.objects.filter(entry=entry, verb__in=Event.STEPS)
        last = steps.filter(revision_uuid=newest and newest.uuid).select_related("actor")
        return {
            "original": newest.title if newest else entry.slug,
            "entry": entry,
            "newest": newest,
            "desk": status,
            "badges": badges(status.row),
            "last_step": last.order_by("-pk").first() if status.step != Step.OUT else None,
            "offers": self.offers(request, entry, status) if newest else [],
            "public_url": entry.get_absolute_url() if status.is_live else "",
            "has_view_permission": self.has_view_permission(request, entry),
            "may_change": self.has_change_permission(request, entry),
            "may_withhold": person_of(request).is_superuser,
        }
