"""Causes and pages at the desk."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime

from causes import publishing
from causes.admin.bulk import BulkActions
from causes.admin.forms import RevisionForm
from causes.admin.history import HistoryViews
from causes.admin.keeping import KeepsText, keeping
from causes.admin.lists import (
    CategoryFilter,
    EntryList,
    StateFilter,
    StepFilter,
    TagFilter,
    holding,
    newest_of,
)
from causes.admin.verbs import VERBS, Desk, VerbViews
from causes.admin.verbs.spans import published
from causes.admin.writing import WritingViews
from causes.models import Cause, Entry, Event, Page, Revision
from causes.publishing import Refusal
from causes.queries.arrays import each_once
from causes.reading import read_revision
from causes.states import State, Step, facts_of, state_of, step_of
from causes.text.comments import comments_removed, without_comments


class EntryAdmin(KeepsText, BulkActions, HistoryViews, VerbViews, WritingViews, admin.ModelAdmin):
    """Edits an entry through its revisions.

    Django's change form works on one row and saves over it. Here the form is one
    of a revision, `save_model` calls a verb, and there is nothing related to save.
    """

    kind: str
    form = RevisionForm
    change_form_template = "admin/causes/entry/change_form.html"
    change_list_template = "admin/causes/entry/change_list.html"
    list_display = ("title", "category", "state_shown", "tag_names", "edited", "live_since")
    list_filter = (StateFilter, StepFilter, CategoryFilter, TagFilter)
    verbs = VERBS
    search_fields = ("slug__holds",)
    search_help_text = "Searches title, summary and slug of the newest text, for each word."
    list_per_page = 50
    show_full_result_count = False
    ordering = ("slug",)

    # The list ------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[EntryList]:
        return EntryList

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        words = search_term.replace("\x00", "").split()
        return (queryset.filter(Exists(holding(words))) if words else queryset), False

    def action_checkbox(self, entry: Entry) -> str:
        # As Django's own, without a template for each row.
        return format_html(
            '<input type="checkbox" name="{}" value="{}" class="action-select" '
            'aria-label="Select {} for an action">',
            ACTION_CHECKBOX_NAME,
            entry.pk,
            entry,
        )

    @admin.display(description="title", ordering=Subquery(newest_of().values("sort_title")[:1]))
    def title(self, entry: Entry) -> str:
        newest = self._newest(entry)
        return newest.title if newest else entry.slug

    @admin.display(description="category")
    def category(self, entry: Entry) -> str:
        newest = self._newest(entry)
        return newest.shown_category.name if newest and newest.shown_category else "–"

    @admin.display(description="state")
    def state_shown(self, entry: Entry) -> str:
        return format_html_join(
            " ",
            '<span class="state state-{}">{}</span>',
            [(badge.value, badge.label) for badge in badges(entry)],
        )

    @admin.display(description="tags")
    def tag_names(self, entry: Entry) -> str:
        newest = self._newest(entry)
        return ", ".join(name for _, name in each_once(newest.tags_today)) if newest else "–"

    @admin.display(description="last edited")
    def edited(self, entry: Entry) -> str:
        newest = self._newest(entry)
        if newest is None:
            return "–"
        who = newest.author.get_username() if newest.author else "from a fixture"
        return f"{who}, {date_format(localtime(newest.created_at), 'j M Y, H:i')}"

    @admin.display(description="live since")
    def live_since(self, entry: Any) -> str:
        live = entry.live_rows
        return date_format(localtime(live[0].live_from), "j M Y, H:i") if live else "–"

    @staticmethod
    def _newest(entry: Any) -> Any:
        return next(iter(entry.newest_rows), None)

    # Who may ---------------------------------------------------------------------

    def may_publish(self, request: HttpRequest) -> bool:
        """Whether saving and publishing may be one press: not where others must approve."""
        return not settings.FOUR_EYES and request.user.has_perm("causes.publish_entry")

    # The form --------------------------------------------------------------------

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        may_add = request.user.has_perm("causes.add_tag")
        form = type("RevisionForm", (RevisionForm,), {"kind": self.kind, "may_add_tags": may_add})
        return keeping(request, form)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        names = [name for name in RevisionForm.order if name != "category" or self.kind == "cause"]
        return [(None, {"fields": names})]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        only_reads = not self.has_change_permission(request) and self.has_view_permission(request)
        entry = self.get_object(request, object_id) if only_reads else None
        if entry is not None:
            if request.method == "POST":
                raise PermissionDenied
            return self._read_view(request, entry)
        return super().change_view(request, object_id, form_url, extra_context)

    def _read_view(self, request: HttpRequest, entry: Any) -> HttpResponse:
        """What somebody who may look but not touch sees: the text, readable."""
        context = self.desk_context(request, entry)
        if context["newest"]:
            context["reading"] = read_revision(context["newest"])
        return TemplateResponse(request, "admin/causes/entry/read.html", context)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> Any:
        form: RevisionForm = context["adminform"].form
        warnings = form.warnings()
        context["desk_fields"] = [
            (field, warnings.get(field.name, [])) for field in form.visible_fields()
        ]
        context["may_publish"] = self.may_publish(request)
        context["may_submit"] = request.user.has_perm("causes.submit_entry")
        context |= self.writing_context(request, obj if form.entry else None)
        if obj is not None and form.entry:
            context |= self.desk_context(request, obj)
        if form.conflict and not form.meeting:
            context |= {"conflict": form.conflict, "form": form, "title": "Two texts met"}
            return TemplateResponse(request, "admin/causes/entry/conflict.html", context)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def desk_context(
        self, request: HttpRequest, entry: Any, desk: Desk | None = None
    ) -> dict[str, Any]:
        """What every page about one entry says of it."""
        newest, desk = entry.newest, desk or Desk(entry)
        title = newest.title if newest else entry.slug
        steps = Event.objects.filter(entry=entry, verb__in=Event.STEPS)
        last = steps.filter(revision_uuid=newest and newest.uuid).select_related("actor")
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": title,
            "entry": entry,
            "newest": newest,
            "desk": desk,
            "badges": badges(desk.row),
            "last_step": last.order_by("-pk").first() if desk.step != Step.OUT else None,
            "offers": self.offers(request, entry, desk) if newest else [],
            "public_url": entry.get_absolute_url() if desk.is_live else "",
            "has_view_permission": self.has_view_permission(request, entry),
            "may_change": self.has_change_permission(request, entry),
            "may_withhold": request.user.is_superuser,
            "title": title,
        }

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        return form.entry or self.model(kind=self.kind, slug=form.cleaned_data["slug"])

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        data, user = form.cleaned_data, request.user
        if count := without_comments(form.data.get("body", ""))[1]:
            self.message_user(request, comments_removed(count), messages.WARNING)
        if change:
            if not form.slug_is_fixed and data["slug"] != obj.slug:
                publishing.rename(obj, data["slug"], by=user)
                obj.slug = data["slug"]
            form.saved = publishing.save_draft(
                obj, form.text(), by=user, base=data["base"], note=data["note"]
            )
        else:
            made = publishing.create_entry(
                self.kind, data["slug"], form.text(), by=user, note=data["note"]
            )
            obj.pk, obj.last_number = made.pk, made.last_number
            form.saved = made.newest
        request.entry_form = form  # type: ignore[attr-defined]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Tags are part of the revision, which is saved."""

    # After saving ------------------------------------------------------------------

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        return self._after_save(request, obj)

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        return self._after_save(request, obj)

    def _after_save(self, request: HttpRequest, entry: Any) -> HttpResponse:
        form = request.entry_form  # type: ignore[attr-defined]
        saved: Revision = form.saved
        unchanged = form.newest is not None and saved.uuid == form.newest.uuid
        here = reverse(f"admin:causes_{self.opts.model_name}_change", args=[entry.pk])
        if "_preview" in request.POST:
            return HttpResponseRedirect(self.preview_url(entry, saved))
        if "_publish" in request.POST and self.may_publish(request):
            self._publish(request, saved)
        elif "_submit" in request.POST:
            self._submit(request, saved)
        elif unchanged:
            self.message_user(
                request, "Nothing was changed, so there is no new revision.", messages.INFO
            )
        else:
            live = facts_of(entry).is_live
            tail = " Readers still see the text that was published." if live else ""
            self.message_user(
                request,
                f"The draft is saved as revision {saved.number}.{tail}",
                messages.SUCCESS,
            )
        return HttpResponseRedirect(here)

    def _publish(self, request: HttpRequest, revision: Revision) -> None:
        try:
            publication = publishing.publish(revision, by=request.user)
        except Refusal as refusal:
            sentence = f"Revision {revision.number} is saved, but it was not published. {refusal}"
            self.message_user(request, sentence, messages.ERROR)
            return
        link = '{} <a href="{}">See the public page</a>.'
        address = publication.get_absolute_url()
        self.message_user(
            request, format_html(link, published(publication), address), messages.SUCCESS
        )

    def _submit(self, request: HttpRequest, revision: Revision) -> None:
        try:
            publishing.submit(revision, by=request.user)
        except Refusal as refusal:
            sentence = f"Revision {revision.number} is saved, but it was not submitted. {refusal}"
            self.message_user(request, sentence, messages.ERROR)
            return
        sentence = f"Revision {revision.number} is saved and waits for approval."
        self.message_user(request, sentence, messages.SUCCESS)

    def get_urls(self) -> list[Any]:
        def url(route: str, view: Any, name: str) -> Any:
            full = f"causes_{self.opts.model_name}_{name}"
            return path(route, self.admin_site.admin_view(view), name=full)

        return [
            url("<int:pk>/preview/<uuid:revision>/", self.preview_view, "preview"),
            url("<int:pk>/compare/", self.compare_view, "compare"),
            url("<int:pk>/restore/<uuid:revision>/", self.restore_view, "restore"),
            url("look/", self.look_view, "look"),
            url("bulk/<str:name>/", self.bulk_view, "bulk"),
            *(
                url(f"<int:pk>/{page.name.replace('_', '-')}/", self.verb_view(page), page.name)
                for page in self.verbs
            ),
            *super().get_urls(),
        ]


def badges(row: Any) -> list[Any]:
    """The state of an entry, and the step of its newest revision where it says more."""
    state, step = state_of(row), step_of(row)
    quiet = step in (Step.DRAFT, Step.OUT)
    found: list[Any] = [state] if quiet else [state, step]
    if row.is_live and row.is_scheduled:
        found.append(State.SCHEDULED)
    return found


@admin.register(Cause)
class CauseAdmin(EntryAdmin):
    kind = Entry.Kind.CAUSE


@admin.register(Page)
class PageAdmin(EntryAdmin):
    kind = Entry.Kind.PAGE
    list_display = ("title", "state_shown", "edited", "live_since")
    list_filter = (StateFilter, StepFilter)
