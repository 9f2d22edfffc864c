"""Accounts and groups at the desk: Django's own, which also lose and overwrite nothing."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import admin as stock
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from causes import accounts
from causes.admin.keeping import KeepsText
from causes.admin.request import person_of
from causes.admin.wording import counted

admin.site.unregister([User, Group])


@admin.register(User)
class UserAdmin(KeepsText, stock.UserAdmin):
    """Accounts."""

    # Django writes both when somebody signs in or is added; nobody corrects them by hand.
    readonly_fields = ("last_login", "date_joined")
    search_help_text = "Searches user name, first name, last name and e-mail address."
    search_fields = tuple(f"{name}__holds" for name in stock.UserAdmin.search_fields)
    change_form_template = "admin/causes/account/user_form.html"

    def get_urls(self) -> list[Any]:
        route = "<id>/reset-second-factor/"
        return [self.desk_path(route, self.reset_view, "reset_second_factor"), *super().get_urls()]

    def reset_view(self, request: HttpRequest, id: str) -> HttpResponse:
        """Asks, and then removes the second factor of somebody who lost it."""
        by = person_of(request)
        if not by.is_superuser:
            raise PermissionDenied
        person = self.get_object(request, id)
        if person is None:
            raise Http404
        if request.method == "POST":
            ended = accounts.reset_second_factor(person, by=by.username)
            self.log_change(request, person, "Reset the second factor.")
            sentence = (
                f"The second factor of {person.username} was reset, and "
                f"{counted(ended, 'session')} ended."
            )
            return self.go_to(
                request, self.desk_url("change", person.pk), sentence, messages.SUCCESS
            )
        title = f"Reset the second factor of {person.username}"
        return self.desk_page(request, "account/reset.html", title, {"person": person})


@admin.register(Group)
class GroupAdmin(KeepsText, stock.GroupAdmin):
    """Groups, which give the roles their permissions."""

    search_help_text = "Searches the name."
    search_fields = ("name__holds",)
