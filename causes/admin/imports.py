"""Imports at the desk: upload files, check the plan, apply it, read the report, undo it."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import csrf_protect_m
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from causes.admin.exports import ExportView
from causes.admin.plans import OptionsForm, UploadForm, is_markdown, plan_context
from causes.admin.request import person_of
from causes.admin.streaming import Steps, stream
from causes.admin.wording import counted
from causes.interchange import uploads
from causes.interchange.apply import MovedOn, applying
from causes.interchange.outcomes import OUTCOMES
from causes.interchange.plan import Plan, may_of
from causes.interchange.undo import Undone, undoing
from causes.models import Entry, Event, Import

EVENTS_SHOWN = 25
LEFT_SHOWN = 10


@admin.register(Import)
class ImportAdmin(ExportView):
    """The list of imports, and the pages that lead from the files to the report."""

    list_display = ("name", "state_shown", "made_at", "by", "came_to")
    list_select_related = ("by",)
    ordering = ("-made_at", "-pk")
    change_list_template = "admin/causes/import/change_list.html"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="state")
    def state_shown(self, run: Import) -> str:
        return str(run.state.label)

    @admin.display(description="entries")
    def came_to(self, run: Import) -> str:
        return counts_of(run.counts)

    # Addresses -------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        url = self.desk_path
        return [
            url("export/", self.export_view, "export"),
            url("<int:pk>/again/", self.again_view, "again"),
            url("<int:pk>/apply/", self.apply_view, "apply"),
            url("<int:pk>/forget/", self.forget_view, "forget"),
            url("<int:pk>/undo/", self.undo_view, "undo"),
            *super().get_urls(),
        ]

    def _planned(self, request: HttpRequest, pk: int) -> Import:
        """An import that this person uploaded and that is not applied yet.

        Raises PermissionDenied for somebody else's, Http404 for an applied one and for a GET.
        """
        run = get_object_or_404(Import.objects.select_related("by"), pk=pk)
        if not self.has_add_permission(request) or run.by_id != request.user.pk:
            raise PermissionDenied
        if request.method != "POST" or run.applied_at:
            raise Http404
        return run

    def _stream(
        self, request: HttpRequest, run: Import, title: str, steps: Callable[[], Steps], **more: Any
    ) -> HttpResponseBase:
        """The page that shows a long task on an import. A refusal leads back to the import."""
        address = self.desk_url("change", run.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": title,
            "run": run,
        }
        gone = self.desk_url("changelist")
        more["failed"] = lambda refusal: (str(refusal), address if run.pk else gone)
        return stream(request, context, steps, **more)

    # Upload ------------------------------------------------------------------------------------

    @csrf_protect_m
    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        """The upload, then the plan: nothing is written by either."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        uploads.forget_old()
        posted = request.method == "POST"
        form = UploadForm(
            request.POST if posted else None,
            request.FILES if posted else None,
            may_prune=_may_prune(request),
        )
        if posted and form.is_valid():
            files = form.cleaned_data["files"]
            run = Import(by=person_of(request), name=", ".join(file.name for file in files)[:300])
            run.options = form.options(markdown=is_markdown(files[0].name))
            try:
                uploads.keep(run, files)
            except uploads.NoRoom as refusal:
                form.add_error("files", str(refusal))
            else:
                return self._read(request, run, uploads.planning_first)
        comes_in = "Every text is imported as a draft, to be approved and published at the desk."
        if may_of(person_of(request)).publish:
            comes_in = "Since you may publish, texts that are public in the files become public."
        context = {"form": form, "comes_in": comes_in}
        return self.desk_page(request, "import/upload.html", "Import files", context)

    def _read(
        self,
        request: HttpRequest,
        run: Import,
        planning: Callable[[Import, User], Steps] = uploads.planning_again,
    ) -> HttpResponseBase:
        """Makes the plan, while the page shows the progress."""
        user, address = person_of(request), self.desk_url("change", run.pk)
        return self._stream(
            request,
            run,
            f"Reading {run.name}",
            lambda: planning(run, user),
            done=lambda plan: ("The plan is ready.", address),
        )

    @csrf_protect_m
    def again_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Makes the plan again, perhaps with other options."""
        run = self._planned(request, pk)
        if not uploads.files_of(run):
            return HttpResponseRedirect(self.desk_url("change", run.pk))
        form = OptionsForm(request.POST, may_prune=_may_prune(request))
        if form.is_valid():
            run.options = form.options(markdown=run.options.get("markdown", False))
            run.save(update_fields=["options"])
        return self._read(request, run)

    # The plan, and the report --------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The plan of an import, or its report once it is applied."""
        run: Any = self.get_object(request, object_id)
        if run is None:
            raise Http404
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        return self._report(request, run) if run.applied_at else self._plan(request, run)

    def _plan(self, request: HttpRequest, run: Import) -> HttpResponse:
        mine = run.by_id == request.user.pk and self.has_add_permission(request)
        context: dict[str, Any] = {"run": run, "mine": mine}
        title = f"Import of {run.name}"
        if not uploads.has_plan(run):
            context |= {"gone": True, "files": uploads.files_of(run)}
            return self.desk_page(request, "import/plan.html", title, context)
        context["form"] = OptionsForm(initial=run.options, may_prune=_may_prune(request))
        store = uploads.store_of(run)
        try:
            plan = Plan(store, uploads.options_of(run), run.by)
            context |= plan_context(plan, request.GET.get("outcome", ""), request.GET.get("p"))
            # Rendered while the store is open: the page reads from it.
            return self.desk_page(request, "import/plan.html", title, context).render()
        finally:
            store.close()

    def _report(self, request: HttpRequest, run: Import) -> HttpResponse:
        labels = {**OUTCOMES, "left": "Left unchanged by the undo"}
        context = {
            "run": run,
            "counts": [(kind, _outcomes(numbers)) for kind, numbers in run.counts.items()],
            "report": [
                (labels.get(outcome, outcome), what, said) for outcome, what, said in run.report
            ],
            "events": run.events.order_by("pk")[:EVENTS_SHOWN],
            "event_count": run.events.count(),
            "may_undo": self.has_add_permission(request) and run.state == Import.State.APPLIED,
        }
        return self.desk_page(request, "import/report.html", f"Import of {run.name}", context)

    # Apply, discard, undo ----------------------------------------------------------------------

    @csrf_protect_m
    def apply_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Carries out the plan, or shows a new one if something has changed since."""
        run, user = self._planned(request, pk), person_of(request)
        address = self.desk_url("change", run.pk)
        if not uploads.has_plan(run):
            return HttpResponseRedirect(address)

        def steps() -> Steps:
            store = uploads.store_of(run)
            try:
                plan = Plan(store, uploads.options_of(run), user)
                return (yield from applying(plan, run.name, run=run))
            except MovedOn as moved:
                # The database no longer matches the plan: it is made again and nothing is written.
                yield from uploads.planning_again(run, user, moved=str(moved))
                raise
            finally:
                store.close()

        def done(applied: Import | None) -> tuple[str, str]:
            uploads.forget(run)
            if applied is None:
                run.delete()
                return "There was nothing to write.", self.desk_url("changelist")
            return "The import is applied.", address

        return self._stream(request, run, f"Applying {run.name}", steps, done=done)

    @csrf_protect_m
    def forget_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Discards an upload that is not applied."""
        run = self._planned(request, pk)
        uploads.forget(run)
        run.delete()
        sentence = f"The upload of {run.name} was discarded."
        return self.go_to(request, self.desk_url("changelist"), sentence, messages.SUCCESS)

    @csrf_protect_m
    def undo_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The page that asks, then a trial of the undo, or the undo itself."""
        run = get_object_or_404(Import, pk=pk)
        if not self.has_add_permission(request):
            raise PermissionDenied
        address = self.desk_url("change", run.pk)
        if run.state != Import.State.APPLIED:
            return HttpResponseRedirect(address)
        if request.method != "POST":
            context = {
                "run": run,
                "touched": run.events.filter(verb=Event.Verb.IMPORT).count(),
                "changed": run.events.filter(verb=Event.Verb.CHANGE).count(),
            }
            title = f"Undo the import of {run.name}?"
            return self.desk_page(request, "import/undo.html", title, context)
        user, tries_out = person_of(request), "_plan" in request.POST

        def done(undone: Undone) -> tuple[str, str]:
            where = self.desk_url("undo", run.pk) if tries_out else address
            return _undone(undone, "would be" if tries_out else "were"), where

        return self._stream(
            request,
            run,
            "Checking what undoing would do" if tries_out else f"Undoing the import of {run.name}",
            lambda: undoing(run, user, rehearse=tries_out),
            done=done,
            stay=tries_out,
        )


def _may_prune(request: HttpRequest) -> bool:
    return request.user.has_perm("causes.publish_entry")


def _outcomes(numbers: dict[str, int]) -> str:
    """`3 created, 1 refused`, or a dash if there are none."""
    return ", ".join(f"{n:,} {OUTCOMES[o].lower()}" for o, n in numbers.items()) or "–"


def counts_of(counts: dict[str, dict[str, int]]) -> str:
    """The outcomes of an import for causes and pages together."""
    found: Counter[str] = Counter()
    for kind, numbers in counts.items():
        if kind in Entry.Kind.values:
            found.update(numbers)
    return _outcomes(found)


def _undone(undone: Undone, verb: str) -> str:
    """The result of undoing an import, or of a trial, as a sentence."""
    entries = counted(undone.entries, "entry", "entries")
    sentence = f"{entries} and {counted(undone.records, 'record')} {verb} restored."
    if not undone.left:
        return sentence
    listed = "; ".join(f"{what}: {why}" for what, why in undone.left[:LEFT_SHOWN])
    more = len(undone.left) - LEFT_SHOWN
    return f"{sentence} Left unchanged: {listed}" + (f" And {more} more." if more > 0 else "")
