"""Causes and pages at the desk."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, QuerySet, Subquery
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from causes import publishing
from causes.admin.actions import ActionViews, actions_for
from causes.admin.asking import VerbViews
from causes.admin.changelist import (
    CategoryFilter,
    EntryChangeList,
    StateFilter,
    StepFilter,
    TagFilter,
    holding,
    newest_of,
)
from causes.admin.forms import RevisionForm
from causes.admin.history import HistoryViews
from causes.admin.keeping import KeepsText
from causes.admin.request import person_of
from causes.admin.status import badges, entry_url
from causes.admin.verbs import VERBS
from causes.admin.verbs.spans import published
from causes.admin.wording import name_of
from causes.admin.writing import WritingViews
from causes.models import Cause, Entry, Page, Revision
from causes.publishing import Refusal, Text, read_ahead
from causes.queries.arrays import each_once
from causes.reading import read_revision
from causes.states import facts_of
from causes.text.comments import comments_removed, without_comments
from causes.text.recent import read_once


class EntryAdmin(KeepsText, HistoryViews, VerbViews, ActionViews, WritingViews):
    """Edits an entry through its revisions.

    Django's change form changes one row in place. This one is a form of a revision:
    `save_model` calls a verb, which adds the next revision, and nothing related is saved.
    """

    form = RevisionForm
    change_form_template = "admin/causes/entry/change_form.html"
    change_list_template = "admin/causes/entry/change_list.html"
    list_display: tuple[str, ...] = (
        *("title", "category", "state_shown", "tag_names", "edited", "live_since"),
    )
    list_filter: ClassVar[tuple[Any, ...]] = (StateFilter, StepFilter, CategoryFilter, TagFilter)
    search_fields = ("slug__holds",)
    search_help_text = "Searches the title, summary and slug of the newest text for each word."
    list_per_page = 50
    show_full_result_count = False
    ordering = ("slug",)

    # The list ------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[EntryChangeList]:
        return EntryChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Searches the newest revision, while `search_fields` could search any."""
        words = search_term.replace("\x00", "").split()
        return (queryset.filter(Exists(holding(words))) if words else queryset), False

    def action_checkbox(self, entry: Entry) -> SafeString:
        # Like Django's own, without a template for each row.
        return format_html(
            '<input type="checkbox" name="{}" value="{}" class="action-select" '
            'aria-label="Select {} for an action">',
            ACTION_CHECKBOX_NAME,
            entry.pk,
            entry,
        )

    @admin.display(description="title", ordering=Subquery(newest_of().values("sort_title")[:1]))
    def title(self, entry: Any) -> str:
        newest = _newest(entry)
        return newest.title if newest else entry.slug

    @admin.display(description="category")
    def category(self, entry: Any) -> str:
        newest = _newest(entry)
        return newest.shown_category.name if newest and newest.shown_category else "–"

    @admin.display(description="state")
    def state_shown(self, entry: Any) -> str:
        return format_html_join(
            " ",
            '<span class="state state-{}">{}</span>',
            [(badge.value, badge.label) for badge in badges(entry)],
        )

    @admin.display(description="tags")
    def tag_names(self, entry: Any) -> str:
        newest = _newest(entry)
        return ", ".join(name for _, name in each_once(newest.tags_today)) if newest else "–"

    @admin.display(description="last edited")
    def edited(self, entry: Any) -> str:
        newest = _newest(entry)
        if newest is None:
            return "–"
        return f"{name_of(newest.author, 'imported')}, {_minute(newest.created_at)}"

    @admin.display(description="live since")
    def live_since(self, entry: Any) -> str:
        return _minute(entry.live_rows[0].live_from) if entry.live_rows else "–"

    # The form --------------------------------------------------------------------

    def may_publish(self, request: HttpRequest) -> bool:
        """Whether one button may save and publish: not where somebody else must approve."""
        return not settings.FOUR_EYES and self.has_publish_permission(request)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """A form class of its own, since Django would make one for the columns of an entry."""
        may_add = request.user.has_perm("causes.add_tag")
        form = type("RevisionForm", (RevisionForm,), {"kind": self.kind, "may_add_tags": may_add})
        return self.showing_both(request, obj, form)

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
        """The form, or a readable page for people who may only read."""
        only_reads = not self.has_change_permission(request) and self.has_view_permission(request)
        entry: Any = self.get_object(request, object_id) if only_reads else None
        if entry is None:
            return super().change_view(request, object_id, form_url, extra_context)
        if request.method == "POST":
            raise PermissionDenied
        newest = entry.newest
        reading = read_revision(newest) if newest else None
        title = newest.title if newest else entry.slug
        return self.entry_page(request, "read.html", title, entry, reading=reading)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> Any:
        """The form, or the page of a conflict if somebody else saved a revision."""
        form: RevisionForm = context["adminform"].form
        warnings = form.warnings()
        context["desk_fields"] = [
            (field, warnings.get(field.name, [])) for field in form.visible_fields()
        ]
        context["may_publish"] = self.may_publish(request)
        context["may_submit"] = self.has_submit_permission(request)
        context |= self.writing_context(request, form.entry)
        if form.entry:
            context |= self.entry_context(request, form.entry)
            context["title"] = context["original"]
        if form.conflict and not form.meeting:
            context |= {"conflict": form.conflict, "form": form}
            title = "Two versions of this text"
            return self.desk_page(
                request, "entry/conflict.html", title, {**context, "title": title}
            )
        return super().render_change_form(request, context, add, change, form_url, obj)

    # Saving ------------------------------------------------------------------------

    @contextmanager
    def reading_ahead(self, request: HttpRequest, object_id: str | None) -> Iterator[None]:
        """Checks the form a first time, for the sake of what it reads and compares."""
        entry = None if object_id is None else self.get_object(request, unquote(object_id))
        may = self.has_change_permission(request) if object_id else self.has_add_permission(request)
        with read_once():
            texts: list[Text] = []
            if may and (entry is not None or object_id is None):
                form = self.get_form(request, entry)(request.POST, instance=entry)
                texts = [form.text()] if form.is_valid() else []
            with read_ahead(*texts):
                yield

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        """The entry that `save_model` then adds a revision to."""
        return form.entry or self.model(kind=self.kind, slug=form.cleaned_data["slug"])

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Saves the text as the next revision. Raises a Refusal, which is shown as a page."""
        data, user = form.cleaned_data, person_of(request)
        if count := without_comments(form.data.get("body", ""))[1]:
            self.message_user(request, comments_removed(count), messages.WARNING)
        if change:
            if not form.slug_is_fixed and data["slug"] != obj.slug:
                publishing.rename(obj, data["slug"], by=user)
                obj.slug = data["slug"]
            publishing.save_draft(obj, form.text(), by=user, base=data["base"], note=data["note"])
        else:
            obj.pk = publishing.create_entry(
                self.kind, data["slug"], form.text(), by=user, note=data["note"]
            ).pk

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Tags are part of the revision, which is saved."""

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        return self.response_change(request, obj)

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        """Carries out the rest of the button. Django passes `obj` as it was before saving."""
        before = obj.last_number
        obj.refresh_from_db()
        saved: Revision = obj.newest
        if "_preview" in request.POST:
            return HttpResponseRedirect(entry_url(obj, "preview", saved.uuid))
        if "_publish" in request.POST and self.may_publish(request):
            self._pass_on(request, saved, "_publish")
        elif "_submit" in request.POST:
            self._pass_on(request, saved, "_submit")
        elif saved.number == before:
            self.message_user(request, "Nothing was changed, so there is no new revision.")
        else:
            live = facts_of(obj).is_live
            tail = " Readers still see the text that was published." if live else ""
            sentence = f"The draft is saved as revision {saved.number}.{tail}"
            self.message_user(request, sentence, messages.SUCCESS)
        return HttpResponseRedirect(entry_url(obj))

    def _pass_on(self, request: HttpRequest, saved: Revision, button: str) -> None:
        """Publishes or submits the revision that was just saved."""
        verb, done = {
            "_publish": (publishing.publish, "published"),
            "_submit": (publishing.submit, "submitted"),
        }[button]
        try:
            made: Any = verb(saved, by=person_of(request))
        except Refusal as refusal:
            sentence = f"Revision {saved.number} is saved, but it was not {done}. {refusal}"
            self.message_user(request, sentence, messages.ERROR)
            return
        sentence = f"Revision {saved.number} is saved and is waiting for approval."
        if button == "_publish":
            link = '{} <a href="{}">See the public page</a>.'
            sentence = format_html(link, published(made), made.get_absolute_url())
        self.message_user(request, sentence, messages.SUCCESS)

    def get_urls(self) -> list[Any]:
        url = self.desk_path
        return [
            url("<int:pk>/preview/<uuid:revision>/", self.preview_view, "preview"),
            url("<int:pk>/compare/", self.compare_view, "compare"),
            url("<int:pk>/restore/<uuid:revision>/", self.restore_view, "restore"),
            url("look/", self.look_view, "look"),
            url("action/<str:name>/", self.action_view, "action"),
            *(
                url(f"<int:pk>/{page.name.replace('_', '-')}/", self.verb_view(page), page.name)
                for page in VERBS
            ),
            *super().get_urls(),
        ]


def _newest(entry: Any) -> Any:
    return next(iter(entry.newest_rows), None)


def _minute(moment: Any) -> str:
    return date_format(localtime(moment), "j M Y, H:i")


@admin.register(Cause)
class CauseAdmin(EntryAdmin):
    """Causes of denervation."""

    kind = Entry.Kind.CAUSE
    actions = actions_for(kind)


@admin.register(Page)
class PageAdmin(EntryAdmin):
    """Pages about the site. They have no category."""

    kind = Entry.Kind.PAGE
    actions = actions_for(kind)
    list_display = ("title", "state_shown", "edited", "live_since")
    list_filter = (StateFilter, StepFilter)
