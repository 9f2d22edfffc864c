"""Categories and tags at the desk: they can be renamed and merged, and old names are kept."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import csrf_protect_m
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse

from causes import database, publishing
from causes.admin.keeping import KeepsText
from causes.admin.request import locked_if_posted, person_of
from causes.admin.seen import decided_on, seal
from causes.admin.wording import counted, name_of
from causes.lists import live_causes
from causes.models import Category, Event, Tag
from causes.publishing import Refusal, shown
from causes.text.characters import tidy_line
from causes.text.names import fold
from causes.text.slugs import name_slug


class TaxonForm(forms.ModelForm):
    """A form that does not write a new name: `rename_taxon` does, and the form only checks it."""

    new_name = ""

    def clean(self) -> dict[str, Any]:
        """Sets `new_name`, and keeps it out of the row."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        self.new_name = data.get("name", "")
        if self.instance.pk and "name" in data:
            # The row keeps its name: if texts use that, another row gets the new name.
            kept = type(self.instance)._default_manager.get(pk=self.instance.pk).name
            data["name"] = tidy_line(kept, stored=True)
            if objection := self._objection():
                self.add_error("name", objection)
        return data

    def _objection(self) -> str:
        model, name = type(self.instance), self.new_name
        if self.instance.is_called(name):
            return ""
        if objection := model.name_objection(name):
            return str(objection)
        others = model.objects.exclude(pk=self.instance.pk)
        others = others.exclude(merged_into=self.instance, name=name)  # back to an old name
        same = others.filter(Q(slug=name_slug(name)) | Q(folded=fold(name))).first()
        return f"There is already a {model._meta.verbose_name} “{same.name}”." if same else ""


class TaxonAdmin(KeepsText):
    """The desk's pages for categories, and for tags."""

    form = TaxonForm
    change_form_template = "admin/causes/taxon/change_form.html"
    search_fields = ("name__holds",)
    search_help_text = "Searches the name."

    def get_queryset(self, request: HttpRequest) -> Any:
        """Current names only: old names are shown with the name that replaced them."""
        rows: Any = super().get_queryset(request)
        return rows.current().prefetch_related("aliases")

    @admin.display(description="old names")
    def old_names(self, taxon: Any) -> str:
        return ", ".join(alias.name for alias in taxon.aliases.all()) or "–"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A name that is in use can be merged into another, but not deleted."""
        return super().has_delete_permission(request, obj) and (obj is None or not _in_use(obj))

    def moved_to(self, pk: str) -> tuple[Any, str]:
        """The current name of one that was renamed or merged."""
        is_number = pk.isascii() and pk.isdigit() and len(pk) < 19
        old = self.model.objects.exclude(merged_into=None).filter(pk=pk) if is_number else ()
        if not old:
            return None, ""
        name, new = old[0].name, old[0].canonical
        verbs = (Event.Verb.RENAME, Event.Verb.MERGE)
        events = Event.objects.filter(verb__in=verbs, details__before=name)
        event = events.select_related("actor").first()
        sentence = f"“{name}” is now “{new.name}”"
        if event:
            how = "merged" if event.verb == Event.Verb.MERGE else "renamed"
            sentence += f": {name_of(event.actor)} {how} it on {shown(event.at)}"
        return new, f"{sentence}."

    def may_merge(self, request: HttpRequest) -> bool:
        """Whether the person may merge this kind of name into another."""
        return request.user.has_perm(f"causes.merge_{self.opts.model_name}")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Saves the row, then gives it the new name if that was changed."""
        person = person_of(request)
        publishing.save_record(obj, by=person)
        if change and not obj.is_called(form.new_name):
            # Another row may take the name over: see causes/models/taxonomy.py.
            publishing.rename_taxon(obj, form.new_name, by=person)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        publishing.delete_record(obj, by=person_of(request))

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        """After a new name, leads to the row that has it."""
        renamed = self.model._default_manager.get(pk=obj.pk).canonical
        if renamed.name == obj.name:
            return super().response_change(request, obj)
        kept = f" “{obj.name}” is kept as an old name." if renamed.pk != obj.pk else ""
        sentence = f"The new name is “{renamed.name}”.{kept}"
        return self.go_to(request, self.desk_url("change", renamed.pk), sentence)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        context["may_merge"] = self.may_merge(request)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[Any]:
        return [
            self.desk_path("<int:pk>/merge/", self.merge_view, "merge"),
            *super().get_urls(),
        ]

    @csrf_protect_m
    def merge_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks which other name takes this one over, then merges them."""
        taxon = self.model.objects.current().filter(pk=pk).first()
        if taxon is None:
            new, sentence = self.moved_to(str(pk))
            if new is None:
                raise Http404
            address = self.desk_url("change", new.pk)
            return self.go_to(request, address, f"{sentence} Nothing was merged.", messages.WARNING)
        if not (self.may_merge(request) and self.has_view_permission(request, taxon)):
            raise PermissionDenied
        kind, meeting = self.opts.verbose_name, None
        form = self._merge_form(request, taxon)
        try:
            with locked_if_posted(request):
                if form.is_valid():
                    taxon = self.model.objects.get(pk=pk)
                    meeting = decided_on(self._facts(taxon), request.POST, f"this {kind}")
                    if meeting is None:
                        return self._merged(request, taxon, form.cleaned_data["into"])
        except (Refusal, database.Busy) as refusal:
            form.add_error(None, str(refusal))
        live = counted(live_causes(taxon), "public text")
        context = {
            "original": taxon,
            "form": form,
            "sealed": seal(self._facts(taxon)),
            "meeting": meeting,
            "button": "Merge",
            "back": self.desk_url("change", taxon.pk),
            "sentences": [
                f"Readers will find {live} under the other name.",
                f"“{taxon.name}” is kept as an old name, and its address redirects. "
                "No stored text is changed.",
            ],
        }
        title = f"Merge the {kind} “{taxon.name}”"
        return self.desk_page(request, "entry/ask.html", title, context)

    def _facts(self, taxon: Any) -> dict[str, str]:
        """The facts that a person may base the decision to merge on."""
        return {"Name": taxon.name, "Old names": self.old_names(taxon)}

    def _merge_form(self, request: HttpRequest, taxon: Any) -> forms.Form:
        kind = self.opts.verbose_name
        form = forms.Form(request.POST if request.method == "POST" else None)
        form.fields["into"] = forms.ModelChoiceField(
            self.model.objects.current().exclude(pk=taxon.pk),
            label=f"Merge into which {kind}?",
            error_messages={
                "invalid_choice": f"That {kind} was renamed, merged or deleted after you opened "
                "this page: choose another one."
            },
        )
        return form

    def _merged(self, request: HttpRequest, taxon: Any, into: Any) -> HttpResponse:
        publishing.merge(taxon, into, by=person_of(request))
        sentence = f"“{taxon.name}” was merged into “{into.name}”. Its old address redirects."
        return self.go_to(request, self.desk_url("changelist"), sentence, messages.SUCCESS)


def _in_use(taxon: Any) -> bool:
    used = taxon.links if isinstance(taxon, Tag) else taxon.revisions
    return used.exists() or taxon.aliases.exists()


@admin.register(Category)
class CategoryAdmin(TaxonAdmin):
    """The list of categories, and the form of each."""

    list_display = ("name", "position", "review_months", "description", "old_names")
    ordering = ("position", "sort_name")


@admin.register(Tag)
class TagAdmin(TaxonAdmin):
    """The list of tags, and the form of each."""

    fields = ("name",)
    list_display = ("name", "used", "old_names")
    ordering = ("sort_name",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(link_count=Count("links"))

    @admin.display(description="in revisions", ordering="link_count")
    def used(self, tag: Any) -> int:
        return int(tag.link_count)
