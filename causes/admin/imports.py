"""Imports at the desk: upload, look at the plan, apply it, read the report, undo it."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import csrf_protect_m
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse

from causes.admin.exports import ExportView
from causes.admin.plans import Line, OptionsForm, UploadForm, is_markdown
from causes.admin.streaming import stream
from causes.interchange import uploads
from causes.interchange.apply import MovedOn, applying
from causes.interchange.outcomes import OUTCOMES
from causes.interchange.plan import Plan, may_of
from causes.interchange.undo import Undone, undoing
from causes.models import Entry, Event, Import

ITEMS_A_PAGE = 25
PROBLEMS_SHOWN = 200


@admin.register(Import)
class ImportAdmin(ExportView, admin.ModelAdmin):
    list_display = ("name", "state_shown", "made_at", "by", "came_to")
    list_select_related = ("by",)
    ordering = ("-made_at", "-pk")
    actions = None
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
        def url(route: str, view: Any, name: str) -> Any:
            return path(route, self.admin_site.admin_view(view), name=f"causes_import_{name}")

        return [
            url("export/", self.export_view, "export"),
            url("<int:pk>/again/", self.again_view, "again"),
            url("<int:pk>/apply/", self.apply_view, "apply"),
            url("<int:pk>/forget/", self.forget_view, "forget"),
            url("<int:pk>/undo/", self.undo_view, "undo"),
            *super().get_urls(),
        ]

    def _url(self, name: str, *args: Any) -> str:
        return reverse(f"admin:causes_import_{name}", args=args)

    def _context(self, request: HttpRequest, title: str, **more: Any) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "media": self.media,
            **more,
        }

    def _planned(self, request: HttpRequest, pk: int) -> Import:
        """An import that this person uploaded and nobody has applied."""
        run = get_object_or_404(Import.objects.select_related("by"), pk=pk)
        if not self.has_add_permission(request) or run.by_id != request.user.pk:
            raise PermissionDenied
        if request.method != "POST" or run.applied_at:
            raise Http404
        return run

    # Upload ------------------------------------------------------------------------------------

    @csrf_protect_m
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        uploads.forget_old()
        may_prune = request.user.has_perm("causes.publish_entry")
        posted = request.method == "POST"
        form = UploadForm(
            request.POST if posted else None,
            request.FILES if posted else None,
            may_prune=may_prune,
        )
        if posted and form.is_valid():
            files = form.cleaned_data["files"]
            run = Import(by=request.user, name=", ".join(file.name for file in files)[:300])
            run.options = _options(form, markdown=is_markdown(files[0].name))
            uploads.keep(run, files)
            run.save()
            return self._read(request, run)
        may = may_of(request.user)  # type: ignore[arg-type]
        comes_in = "Since you may publish, what is public in the files becomes public here."
        if not may.publish:
            comes_in = "Every text comes in as a draft, to be approved and published here."
        context = self._context(request, "Import files", form=form, comes_in=comes_in)
        return TemplateResponse(request, "admin/causes/import/upload.html", context)

    def _read(self, request: HttpRequest, run: Import) -> HttpResponse:
        """Makes the plan, while the page shows how far it is."""
        user, address = _real(request.user), self._url("change", run.pk)
        return stream(
            request,
            self._context(request, f"Reading {run.name}", run=run),
            lambda: uploads.planning_again(run, user),
            done=lambda plan: ("The plan is made.", address),
            failed=lambda refusal: (str(refusal), address),
        )

    @csrf_protect_m
    def again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Makes the plan anew, perhaps to decide otherwise."""
        run = self._planned(request, pk)
        if not uploads.files_of(run):
            return HttpResponseRedirect(self._url("change", run.pk))
        may_prune = request.user.has_perm("causes.publish_entry")
        form = OptionsForm(request.POST, may_prune=may_prune)
        if form.is_valid():
            run.options = _options(form, markdown=run.options.get("markdown", False))
            run.save(update_fields=["options"])
        return self._read(request, run)

    # The plan, and the report --------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        run = self.get_object(request, object_id)
        if run is None:
            raise Http404
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        if run.applied_at:
            return self._report(request, run)
        return self._plan(request, run)

    def _plan(self, request: HttpRequest, run: Import) -> HttpResponse:
        context = self._context(request, f"Import of {run.name}", run=run)
        mine = run.by_id == request.user.pk and self.has_add_permission(request)
        if not uploads.has_plan(run):
            context |= {"gone": True, "mine": mine, "files": uploads.files_of(run)}
            return TemplateResponse(request, "admin/causes/import/plan.html", context)
        store = uploads.store_of(run)
        try:
            plan = Plan(store, uploads.options_of(run), run.by)
            may_prune = request.user.has_perm("causes.publish_entry")
            form = OptionsForm(initial=run.options, may_prune=may_prune)
            wanted = request.GET.get("outcome", "")
            where = ("outcome = ?", wanted) if wanted in OUTCOMES else ("outcome <> 'unchanged'",)
            total = sum(1 for _ in store.rows(f"SELECT 1 FROM item WHERE {where[0]}", *where[1:]))
            page = Paginator(range(total), ITEMS_A_PAGE).get_page(request.GET.get("p"))
            items = store.items(
                *where,
                order="kind IN ('category', 'tag', 'source'), id",
                start=max(page.start_index() - 1, 0),
                most=ITEMS_A_PAGE,
            )
            context |= {
                "plan": plan,
                "mine": mine,
                "form": form,
                "moved": store.fact("moved", ""),
                "left_out": store.fact("left_out", {}),
                "outcomes": [
                    (name, label, plan.number(name), name == wanted)
                    for name, label in OUTCOMES.items()
                    if plan.number(name)
                ],
                "problems": list(store.problems(most=PROBLEMS_SHOWN)),
                "problem_count": store.problem_count(),
                "lines": [Line.of(item, store) for item in items],
                "page": page,
                "wanted": wanted,
                "objection": plan.objection,
                "writes": plan.writes,
            }
            response = TemplateResponse(request, "admin/causes/import/plan.html", context)
            return response.render()
        finally:
            store.close()

    def _report(self, request: HttpRequest, run: Import) -> HttpResponse:
        labels = {**OUTCOMES, "left": "Left by the undoing"}
        context = self._context(
            request,
            f"Import of {run.name}",
            run=run,
            counts=[
                (kind, ", ".join(f"{n} {OUTCOMES[o].lower()}" for o, n in of.items()))
                for kind, of in run.counts.items()
            ],
            report=[
                (labels.get(outcome, outcome), what, said) for outcome, what, said in run.report
            ],
            events=run.events.order_by("pk")[:ITEMS_A_PAGE],
            event_count=run.events.count(),
            may_undo=self._may_undo(request) and run.state == Import.State.APPLIED,
        )
        return TemplateResponse(request, "admin/causes/import/report.html", context)

    # Apply, forget, undo ----------------------------------------------------------------------

    @csrf_protect_m
    def apply_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        run, user = self._planned(request, pk), _real(request.user)
        address = self._url("change", run.pk)
        if not uploads.has_plan(run):
            return HttpResponseRedirect(address)

        def steps() -> Any:
            store = uploads.store_of(run)
            try:
                plan = Plan(store, uploads.options_of(run), user)
                return (yield from applying(plan, run.name, run=run))
            except MovedOn as moved:
                # What was decided on is not what is here now: shown anew, and not written.
                yield from uploads.planning_again(run, user, moved=str(moved))
                raise
            finally:
                store.close()

        def done(applied: Any) -> tuple[str, str]:
            uploads.forget(run)
            if applied is None:
                run.delete()
                return "There was nothing to write.", self._url("changelist")
            return "The import is applied.", address

        return stream(
            request,
            self._context(request, f"Applying {run.name}", run=run),
            steps,
            done=done,
            failed=lambda refusal: (str(refusal), address),
        )

    @csrf_protect_m
    def forget_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = self._planned(request, pk)
        uploads.forget(run)
        run.delete()
        self.message_user(request, f"The upload of {run.name} is forgotten.", messages.SUCCESS)
        return HttpResponseRedirect(self._url("changelist"))

    def _may_undo(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request)

    @csrf_protect_m
    def undo_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = get_object_or_404(Import, pk=pk)
        if not self._may_undo(request):
            raise PermissionDenied
        if run.state != Import.State.APPLIED:
            return HttpResponseRedirect(self._url("change", run.pk))
        if request.method != "POST":
            touched = run.events.filter(verb=Event.Verb.IMPORT).count()
            changed = run.events.filter(verb=Event.Verb.CHANGE).count()
            context = self._context(
                request,
                f"Undo the import of {run.name}?",
                run=run,
                touched=touched,
                changed=changed,
            )
            return TemplateResponse(request, "admin/causes/import/undo.html", context)
        user, address = _real(request.user), self._url("change", run.pk)
        rehearse = "_plan" in request.POST

        def done(undone: Undone) -> tuple[str, str]:
            if not rehearse:
                return f"{_went(undone, 'went')} {_left(undone)}", address
            return f"{_went(undone, 'would go')} {_left(undone)}", self._url("undo", run.pk)

        title = "Looking what would happen" if rehearse else f"Undoing the import of {run.name}"
        return stream(
            request,
            self._context(request, title, run=run),
            lambda: undoing(run, user, rehearse=rehearse),
            done=done,
            failed=lambda refusal: (str(refusal), address),
            stay=rehearse,
        )


def _options(form: Any, *, markdown: bool) -> dict[str, Any]:
    data = form.cleaned_data
    return {
        "on_conflict": data["on_conflict"],
        "skip_invalid": data["skip_invalid"],
        "prune": data.get("prune", False),
        "markdown": markdown,
    }


def _real(user: Any) -> Any:
    """The person behind the request's lazy object, which must be asked before it streams."""
    may_of(user)
    return getattr(user, "_wrapped", user)


def counts_of(counts: dict[str, dict[str, int]]) -> str:
    """The entries of an import, in short."""
    found: dict[str, int] = {}
    for kind, of in counts.items():
        if kind in Entry.Kind.values:
            for outcome, number in of.items():
                found[outcome] = found.get(outcome, 0) + number
    return ", ".join(f"{n:,} {OUTCOMES[o].lower()}" for o, n in found.items()) or "–"


def _went(undone: Undone, verb: str) -> str:
    return f"{undone.entries:,} entries and {undone.records:,} records {verb} back."


def _left(undone: Undone) -> str:
    if not undone.left:
        return ""
    listed = "; ".join(f"{what}: {sentence}" for what, sentence in undone.left[:10])
    more = len(undone.left) - 10
    return f"Left as they are: {listed}" + (f" And {more} more." if more > 0 else "")
