"""Categories and tags at the desk: renamed and merged, never lost."""

from contextlib import nullcontext
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import csrf_protect_m
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from causes import database, publishing
from causes.admin.keeping import KeepsText
from causes.admin.shown import decided_on, seal
from causes.lists import live_causes
from causes.models import Category, Event, Tag
from causes.publishing import NameTaken, Refusal, shown
from causes.text.characters import tidy_line
from causes.text.names import fold
from causes.text.slugs import name_slug


class TaxonForm(forms.ModelForm):
    """A new name is the verb's business; the form only says early what it would refuse."""

    def _post_clean(self) -> None:
        self.new_name = self.cleaned_data.get("name", "")
        if self.instance.pk and "name" in self.cleaned_data:
            # Kept out of the row: an old name that is in use stays as it is.
            kept = type(self.instance).objects.get(pk=self.instance.pk).name
            self.cleaned_data["name"] = tidy_line(kept, stored=True)
            if objection := self._objection():
                self.add_error("name", objection)
        super()._post_clean()

    def _objection(self) -> str:
        model, name = type(self.instance), self.new_name
        if self.instance.is_called(name):
            return ""
        if objection := model.name_objection(name):
            return str(objection)
        others = model.objects.exclude(pk=self.instance.pk)
        others = others.exclude(merged_into=self.instance, name=name)  # back to an old name
        same = others.filter(Q(slug=name_slug(name)) | Q(folded=fold(name))).first()
        return f"There is a {model._meta.verbose_name} “{same.name}” already." if same else ""


class TaxonAdmin(KeepsText, admin.ModelAdmin):
    form = TaxonForm
    merge_permission: str
    search_fields = ("name__holds",)
    search_help_text = "Searches the name."
    actions = None

    def get_queryset(self, request: HttpRequest) -> Any:
        """Old names are shown with the name that replaced them, not as rows of their own."""
        return super().get_queryset(request).current().prefetch_related("aliases")

    @admin.display(description="old names")
    def old_names(self, taxon: Any) -> str:
        return ", ".join(alias.name for alias in taxon.aliases.all()) or "–"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What a revision names stays: merge it into another instead."""
        return super().has_delete_permission(request, obj) and (obj is None or not _in_use(obj))

    def moved_to(self, pk: str) -> tuple[Any, str]:
        is_number = pk.isascii() and pk.isdigit() and len(pk) < 19
        old = self.model.objects.exclude(merged_into=None).filter(pk=pk) if is_number else ()
        if not old:
            return None, ""
        name, new = old[0].name, old[0].canonical
        verbs = (Event.Verb.RENAME, Event.Verb.MERGE)
        told = Event.objects.filter(verb__in=verbs, details__before=name)
        event = told.select_related("actor").first()
        sentence = f"“{name}” is “{new.name}” now"
        if event:
            who = event.actor.get_username() if event.actor else "somebody"
            how = "merged" if event.verb == Event.Verb.MERGE else "renamed"
            sentence += f": {who} {how} it on {shown(event.at)}"
        return new, f"{sentence}."

    def may_merge(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.merge_permission)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        publishing.save_record(obj, by=request.user)
        if change and not obj.is_called(form.new_name):
            try:
                # A row of its own takes the name over: see causes/models/taxonomy.py.
                renamed = publishing.rename_taxon(obj, form.new_name, by=request.user)
            except NameTaken as refusal:
                self.message_user(request, f"It was not renamed. {refusal}", messages.ERROR)
                request.renamed = obj  # type: ignore[attr-defined]
            else:
                request.renamed = renamed  # type: ignore[attr-defined]

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        publishing.delete_record(obj, by=request.user)

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        renamed = getattr(request, "renamed", None)
        if renamed is None:
            return super().response_change(request, obj)
        if renamed.name != obj.name:
            kept = f" “{obj.name}” stays as an old name." if renamed.pk != obj.pk else ""
            self.message_user(request, f"It is called “{renamed.name}” now.{kept}")
        where = f"admin:causes_{self.opts.model_name}_change"
        return HttpResponseRedirect(reverse(where, args=[renamed.pk]))

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        context["may_merge"] = self.may_merge(request)
        return super().render_change_form(request, context, *args, **kwargs)

    change_form_template = "admin/causes/taxon/change_form.html"

    def get_urls(self) -> list[Any]:
        name = f"causes_{self.opts.model_name}_merge"
        view = self.admin_site.admin_view(self.merge_view)
        return [path("<int:pk>/merge/", view, name=name), *super().get_urls()]

    @csrf_protect_m
    def merge_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        taxon = self.model.objects.current().filter(pk=pk).first()
        if taxon is None:
            new, sentence = self.moved_to(str(pk))
            if new is None:
                raise Http404
            self.message_user(request, f"{sentence} Nothing was merged.", messages.WARNING)
            return HttpResponseRedirect(self._address("change", new.pk))
        if not (self.may_merge(request) and self.has_view_permission(request, taxon)):
            raise PermissionDenied
        kind, posted = self.opts.verbose_name, request.method == "POST"
        form, meeting = self._merge_form(request, taxon), None
        facts = {"Name": taxon.name, "Old names": self.old_names(taxon)}
        try:
            with database.writing() if posted else nullcontext():
                if posted and form.is_valid():
                    taxon = self.model.objects.get(pk=pk)
                    facts = {"Name": taxon.name, "Old names": self.old_names(taxon)}
                    meeting = decided_on(facts, request.POST, f"this {kind}")
                    if meeting is None:
                        return self._merged(request, taxon, form.cleaned_data["into"])
        except (Refusal, database.ImportRunning) as refusal:
            form.add_error(None, str(refusal))
        live = live_causes(taxon)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": taxon,
            "form": form,
            "sealed": seal(facts),
            "meeting": meeting,
            "media": self.media,
            "title": f"Merge the {kind} “{taxon.name}”",
            "button": "Merge",
            "back": reverse(f"admin:causes_{self.opts.model_name}_change", args=[taxon.pk]),
            "sentences": [
                f"{live} public text{'' if live == 1 else 's'} will be found under the other "
                "name from now on.",
                f"“{taxon.name}” stays as an old name, and its address redirects. "
                "No stored text is changed.",
            ],
        }
        return TemplateResponse(request, "admin/causes/entry/ask.html", context)

    def _merge_form(self, request: HttpRequest, taxon: Any) -> forms.Form:
        kind = self.opts.verbose_name
        form = forms.Form(request.POST if request.method == "POST" else None)
        form.fields["into"] = forms.ModelChoiceField(
            self.model.objects.current().exclude(pk=taxon.pk),
            label=f"Merge into which {kind}?",
            error_messages={
                "invalid_choice": f"That {kind} was renamed, merged or deleted after you opened "
                "this page: choose again."
            },
        )
        return form

    def _merged(self, request: HttpRequest, taxon: Any, into: Any) -> HttpResponse:
        publishing.merge(taxon, into, by=request.user)
        sentence = f"“{taxon.name}” is merged into “{into.name}”; its old address leads there."
        self.message_user(request, sentence, messages.SUCCESS)
        return HttpResponseRedirect(self._address("changelist"))


def _in_use(taxon: Any) -> bool:
    used = taxon.links if isinstance(taxon, Tag) else taxon.revisions
    return used.exists() or taxon.aliases.exists()


@admin.register(Category)
class CategoryAdmin(TaxonAdmin):
    merge_permission = "causes.merge_category"
    list_display = ("name", "position", "review_months", "description", "old_names")
    ordering = ("position", "sort_name")


@admin.register(Tag)
class TagAdmin(TaxonAdmin):
    merge_permission = "causes.merge_tag"
    fields = ("name",)
    list_display = ("name", "used", "old_names")
    ordering = ("sort_name",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(link_count=Count("links"))

    @admin.display(description="in revisions", ordering="link_count")
    def used(self, tag: Any) -> int:
        return int(tag.link_count)
