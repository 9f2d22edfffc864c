"""Signing in: the password, and then a code if the person has a second factor."""

import math
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import REDIRECT_FIELD_NAME, load_backend, login, user_login_failed
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import urlencode
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice

from causes import database
from causes.accounts import (
    HALF_SIGNED_IN,
    TooSoon,
    accepted,
    has_second_factor,
    recovery_codes_left,
)
from causes.admin.throttle import forget_old_rows, minutes_to_wait
from causes.admin.wording import counted
from causes.clock import now

MINUTES_FOR_THE_CODE = 10
"""How long a right password is remembered while somebody looks for the phone."""


def wait_sentence(minutes: int) -> str:
    """The sentence for somebody who has to wait, the same whether or not the account exists."""
    return (
        "Too many attempts to sign in with this user name, or from your network, have failed. "
        f"Wait {counted(minutes, 'minute')}, then try again."
    )


class SignInForm(AdminAuthenticationForm):
    """User name and password. It never says whether an account exists."""

    error_messages = {
        "invalid_login": (
            "The user name or the password is wrong, or this account may not use the desk. "
            "Capital and small letters differ."
        )
    }

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError with the sentence for the person."""
        try:
            return super().clean()
        except ValidationError:
            name, request = self.cleaned_data.get("username"), self.request
            if name and request and (minutes := minutes_to_wait(request, name)):
                raise ValidationError(wait_sentence(minutes), code="wait") from None
            raise

    def confirm_login_allowed(self, user: Any) -> None:
        """Refuses accounts that cannot use the desk as it refuses a wrong password."""
        if not (user.is_active and user.is_staff):
            raise self.get_invalid_login_error()

    def get_invalid_login_error(self) -> ValidationError:
        """The same sentence for whatever is wrong."""
        return ValidationError(self.error_messages["invalid_login"], code="invalid_login")


class CodeForm(forms.Form):
    """The code of the app, or a recovery code."""

    code = forms.CharField(max_length=30, label="Code")

    def __init__(self, *args: Any, recovery: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.recovery = recovery
        look = {"autofocus": True, "spellcheck": "false", "autocapitalize": "none"}
        if recovery:
            self.fields["code"].label = "Recovery code"
            self.fields["code"].help_text = "One of the codes that you printed or wrote down."
            look["autocomplete"] = "off"
        else:
            self.fields["code"].help_text = "The six digits that the app on your phone shows now."
            look |= {"autocomplete": "one-time-code", "inputmode": "numeric"}
        self.fields["code"].widget.attrs.update(look)


def check_code(request: HttpRequest, person: User, form: CodeForm) -> Device | None:
    """The device whose code is in the form; otherwise None, and the form says what is wrong.

    Wrong codes are counted like wrong passwords.
    """
    name = person.get_username()
    if minutes := minutes_to_wait(request, name):
        request.axes_locked_out = True  # type: ignore[attr-defined]
        form.add_error(None, wait_sentence(minutes))
        return None
    try:
        device = accepted(person, form.cleaned_data["code"])
    except TooSoon as refusal:
        seconds = max(1, math.ceil((refusal.until - now()).total_seconds()))
        form.add_error("code", f"After a wrong code, wait {counted(seconds, 'second')}.")
        return None
    if device is None:
        user_login_failed.send(sender=__name__, credentials={"username": name}, request=request)
        form.add_error(
            "code", "This code is wrong, or was used before. Wait for the next one, and type that."
        )
        if minutes := minutes_to_wait(request, name):
            form.add_error(None, wait_sentence(minutes))
    return device


def refuse_while_importing() -> None:
    """Raises ImportRunning: on SQLite nobody can sign in until an import ends."""
    if connection.vendor == "sqlite" and database.import_running():
        raise database.ImportRunning


class _AtTheDesk(LoginView):
    """What both steps share: the frame of the desk, and where the person goes next."""

    step = ""

    def get_default_redirect_url(self) -> str:
        return reverse("admin:index")

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        frame = {**admin.site.each_context(self.request), "title": self.step}
        return super().get_context_data(**{**frame, **more})

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Raises ImportRunning, before a password is hashed in vain."""
        refuse_while_importing()
        return super().post(request, *args, **kwargs)

    def let_in(self, person: User, device: Device | None) -> HttpResponse:
        """Begins a session under a new key, and leads to the page that was asked for."""
        address = self.get_success_url()
        person.otp_device = device  # type: ignore[attr-defined]
        self.request.session.flush()
        login(self.request, person)
        forget_old_rows()
        return HttpResponseRedirect(address)


class SignIn(_AtTheDesk):
    """The page that asks for user name and password."""

    step = "Sign in"
    authentication_form = SignInForm
    template_name = "admin/login.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Lets the person in, or asks for the code."""
        person = form.get_user()
        if not has_second_factor(person):
            return self.let_in(person, None)
        self.request.session.flush()
        self.request.session[HALF_SIGNED_IN] = {
            "person": str(person.pk),
            "backend": person.backend,
            "hash": person.get_session_auth_hash(),
            "at": now().timestamp(),
        }
        query = urlencode({REDIRECT_FIELD_NAME: self.get_success_url()})
        return HttpResponseRedirect(f"{reverse('admin:login_code')}?{query}")


class SignInCode(_AtTheDesk):
    """The page that asks for a code, for ten minutes after a right password."""

    step = "Type the code from your phone"
    form_class: Any = CodeForm
    template_name = "admin/login_code.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Leads back to the password if nobody has given the right one, or long ago."""
        person = _half_signed_in(request)
        if person is None:
            address = reverse("admin:login")
            if target := self.get_redirect_url():
                address += "?" + urlencode({REDIRECT_FIELD_NAME: target})
            return HttpResponseRedirect(address)
        self.person = person
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        """With the queries of the links between both kinds of code."""
        query = {REDIRECT_FIELD_NAME: self.get_success_url()}
        links = {
            "without_recovery": urlencode(query),
            "with_recovery": urlencode({**query, "recovery": "1"}),
        }
        return super().get_context_data(**links, **more)

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs = super().get_form_kwargs()
        del kwargs["request"]
        return {**kwargs, "recovery": "recovery" in self.request.GET}

    def form_valid(self, form: Any) -> HttpResponse:
        """Lets the person in if the code is right."""
        device = check_code(self.request, self.person, form)
        if device is None:
            return self.form_invalid(form)
        if isinstance(device, StaticDevice):
            left = recovery_codes_left(self.person)
            sentence = (
                f"You have {counted(left, 'recovery code')} left. Make new ones under Account."
            )
            messages.info(self.request, sentence)
        return self.let_in(self.person, device)


def _half_signed_in(request: HttpRequest) -> User | None:
    """Who gave the right password within the last ten minutes, and has not changed it since."""
    held = request.session.get(HALF_SIGNED_IN)
    if not held or now().timestamp() - held["at"] > MINUTES_FOR_THE_CODE * 60:
        return None
    person: Any = load_backend(held["backend"]).get_user(held["person"])
    if person is None or not constant_time_compare(held["hash"], person.get_session_auth_hash()):
        return None
    person.backend = held["backend"]
    return person if has_second_factor(person) else None
