"""The pages about one's own account: second factor, recovery codes, sessions."""

import re
import time
from base64 import b32encode
from binascii import unhexlify
from typing import Any

import segno
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import authenticate, logout
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.debug import sensitive_post_parameters
from django_otp import login as remember_device
from django_otp.models import Device
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.util import random_hex

from causes import accounts
from causes.admin import sessions
from causes.admin.request import person_of
from causes.admin.signing_in import CodeForm, check_code, wait_sentence
from causes.admin.throttle import minutes_to_wait
from causes.admin.wording import counted

_KEY = "second_factor_key"
"""Where a session keeps a key that no code has confirmed yet."""

FRESH_SECONDS = 600
"""For so long after sign-in nobody is asked for the password again."""

OPEN_PAGES = frozenset({"second_factor", "logout"})
"""All of the desk that somebody reaches who must set up a second factor first."""


class PasswordForm(CodeForm):
    """A code, and the password again, which is checked and counted as at sign-in."""

    password = forms.CharField(
        strip=False,
        label="Your password",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("password", "code")

    def __init__(self, request: HttpRequest, *args: Any, asks: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request = request
        del self.fields["code"].widget.attrs["autofocus"]
        if not asks:
            del self.fields["password"]

    def clean_password(self) -> str:
        """Raises ValidationError if it is wrong, or was guessed too often."""
        password, name = self.cleaned_data["password"], person_of(self._request).get_username()
        if authenticate(self._request, username=name, password=password) is None:
            minutes = minutes_to_wait(self._request, name)
            raise forms.ValidationError(
                wait_sentence(minutes) if minutes else "This password is wrong."
            )
        return password


def turned_away(request: HttpRequest, page: str | None) -> HttpResponse | None:
    """Where somebody is led who may not use the desk yet, or any more; None if she may.

    `page` is the name of the page that was asked for.
    """
    sessions.keep_or_end(request)
    person: Any = request.user
    if not admin.site.has_permission(request) or page in OPEN_PAGES or person.is_verified():
        return None
    if not accounts.needs_second_factor(person):
        return None
    if accounts.has_second_factor(person):  # but this session was never asked for a code
        logout(request)
        return redirect_to_login(request.get_full_path(), reverse("admin:login"))
    return HttpResponseRedirect(reverse("admin:second_factor"))


def account(request: HttpRequest) -> HttpResponse:
    """One's own account."""
    person = person_of(request)
    return _page(
        request,
        "account.html",
        "Your account",
        has_second_factor=accounts.has_second_factor(person),
        codes_left=accounts.recovery_codes_left(person),
        needs=accounts.needs_second_factor(person),
        idle=_span(settings.SESSION_IDLE_MINUTES),
        longest=_span(settings.SESSION_MAX_HOURS * 60),
    )


@sensitive_post_parameters()
def second_factor(request: HttpRequest) -> HttpResponse:
    """Sets up an app: shows its key, asks for a code from it, shows the recovery codes."""
    person = person_of(request)
    if accounts.has_second_factor(person):
        return HttpResponseRedirect(reverse("admin:account"))
    key = request.session.setdefault(_KEY, random_hex(20))
    asks = sessions.age(request) > FRESH_SECONDS
    form = PasswordForm(request, request.POST or None, asks=asks)
    if request.method == "POST" and form.is_valid():
        used = _confirmed(key, form.cleaned_data["code"])
        if used is not None:
            return _set_up(request, person, key, used)
        form.add_error(
            "code",
            "This is not the code that the app should show now. Check that the clock of the phone "
            "is right, and type the next code.",
        )
    app = TOTPDevice(user=person, key=key)
    return _page(
        request,
        "second_factor.html",
        "Set up a second factor",
        form=form,
        picture=picture_of(app.config_url),
        secret=" ".join(re.findall("....", b32encode(unhexlify(key)).decode())),
        needs=accounts.needs_second_factor(person),
    )


def _set_up(request: HttpRequest, person: User, key: str, used: int) -> HttpResponse:
    codes = accounts.give_second_factor(person, key, used)
    del request.session[_KEY]
    request.session.cycle_key()
    rotate_token(request)
    accounts.end_sessions(person, keep=request.session.session_key)
    remember_device(request, TOTPDevice.objects.get(user=person))
    return _codes_page(request, codes)


@sensitive_post_parameters()
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Makes new recovery codes, after a code."""
    return _after_a_code(
        request,
        "recovery_codes.html",
        "Make new recovery codes",
        lambda person: _codes_page(request, accounts.give_recovery_codes(person)),
        asks=False,
    )


@sensitive_post_parameters()
def remove_second_factor(request: HttpRequest) -> HttpResponse:
    """Removes the app and the recovery codes, after the password and a code."""

    def remove(person: User) -> HttpResponse:
        accounts.remove_second_factor(person)
        messages.success(request, "Your second factor was removed.")
        return HttpResponseRedirect(reverse("admin:account"))

    return _after_a_code(
        request, "remove_second_factor.html", "Remove your second factor", remove, asks=True
    )


def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """Asks, and then ends every session of the person but this one."""
    if request.method != "POST":
        return _page(request, "sign_out_everywhere.html", "Sign out everywhere else")
    ended = accounts.end_sessions(person_of(request), keep=request.session.session_key)
    messages.success(request, f"{counted(ended, 'other session')} ended. This one goes on.")
    return HttpResponseRedirect(reverse("admin:account"))


def picture_of(address: str) -> SafeString:
    """A QR code as SVG, drawn here: the key in it goes to no other site.

    The markup is safe because segno writes the squares as numbers, not the address.
    """
    drawn = segno.make(address, error="m").svg_inline(scale=5, border=4, light="#fff")
    return mark_safe(drawn)


def _after_a_code(
    request: HttpRequest, template: str, title: str, act: Any, *, asks: bool
) -> HttpResponse:
    """A page that asks for a code, and for the password if it `asks`; then acts."""
    person = person_of(request)
    if not accounts.has_second_factor(person):
        return HttpResponseRedirect(reverse("admin:account"))
    form = PasswordForm(request, request.POST or None, asks=asks)
    device: Device | None = None
    if request.method == "POST" and form.is_valid():
        device = check_code(request, person, form)
    return act(person) if device else _page(request, template, title, form=form)


def _confirmed(key: str, typed: str) -> int | None:
    """The time step of a code if the app with this key shows it now."""
    code = re.sub(r"\s", "", typed)
    app = TOTP(unhexlify(key))
    app.time = time.time()  # the same for both questions
    right = re.fullmatch("[0-9]{6}", code) and app.verify(int(code), tolerance=1)
    return app.t() if right else None


def _codes_page(request: HttpRequest, codes: list[str]) -> HttpResponse:
    return _page(request, "codes.html", "Your recovery codes", codes=codes)


def _page(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    frame = {**admin.site.each_context(request), "is_nav_sidebar_enabled": False}
    return TemplateResponse(
        request, f"admin/causes/account/{template}", {**frame, "title": title, **context}
    )


def _span(minutes: int) -> str:
    """A length of time in the largest unit that fits: `12 hours`, `7 days`."""
    for unit, length in (("day", 1440), ("hour", 60)):
        if minutes % length == 0:
            return counted(minutes // length, unit)
    return counted(minutes, "minute")
