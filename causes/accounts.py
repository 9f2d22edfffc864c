"""What belongs to an account beside its password: a second factor, and its open sessions.

The second factor is an app that shows codes (TOTP, RFC 6238), with recovery codes for the day on
which the phone is lost. django-otp stores and checks both.
"""

import logging
import re
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import transaction
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from causes.clock import now

log = logging.getLogger(__name__)

RECOVERY_CODES = 10

HALF_SIGNED_IN = "half_signed_in"
"""The key of a session whose owner gave the right password and has yet to give a code."""

POWERS = ("causes.publish_entry", "auth.add_user", "auth.change_user", "auth.change_group")
"""Permissions for which the setting SECOND_FACTOR asks for a second factor."""

MOST_DOUBLINGS = 10
"""django-otp doubles the wait after each wrong code: up to 512 seconds, as this limits it.

Without a limit, somebody who knows the password could keep its owner out for years.
"""


class TooSoon(Exception):
    """A code came too soon after a wrong one; `until` is when the next one is looked at."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


def needs_second_factor(person: User) -> bool:
    """Whether the setting SECOND_FACTOR asks this person for one."""
    return settings.SECOND_FACTOR and any(map(person.has_perm, POWERS))


def has_second_factor(person: User) -> bool:
    """Whether sign-in asks this person for a code."""
    return TOTPDevice.objects.devices_for_user(person, confirmed=True).exists()


def recovery_codes_left(person: User) -> int:
    """How many recovery codes somebody has not used yet."""
    return StaticToken.objects.filter(device__user=person).count()


def give_second_factor(person: User, key: str, used: int) -> list[str]:
    """Stores the key of an app, and returns the recovery codes.

    `key` is hexadecimal. `used` is the time step of the code that confirmed it, which
    is not valid a second time.
    """
    with transaction.atomic():
        _remove(person)
        TOTPDevice.objects.create(user=person, name="App", key=key, last_t=used)
        return give_recovery_codes(person)


def give_recovery_codes(person: User) -> list[str]:
    """Replaces the recovery codes of a person by new ones, and returns them."""
    with transaction.atomic():
        StaticDevice.objects.filter(user=person).delete()
        device = StaticDevice.objects.create(user=person, name="Recovery codes")
        codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
        StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return [f"{code[:4]}-{code[4:]}" for code in codes]


def accepted(person: User, typed: str) -> Device | None:
    """The device whose code somebody typed, or None if the code is wrong or was used before.

    Six digits are a code of the app; anything else is a recovery code. Raises TooSoon.
    """
    code = re.sub(r"[\s-]", "", typed).lower()
    model = TOTPDevice if re.fullmatch("[0-9]{6}", code) else StaticDevice
    with transaction.atomic():
        rows = model.objects.devices_for_user(person, confirmed=True)
        device = rows.select_for_update().first()
        if device is None:
            return None
        device.throttling_failure_count = min(device.throttling_failure_count, MOST_DOUBLINGS)
        allowed, reason = device.verify_is_allowed()
        if not allowed:
            raise TooSoon(reason["locked_until"])
        return device if device.verify_token(code) else None


def remove_second_factor(person: User) -> None:
    """Removes the app and the recovery codes of a person who has both at hand."""
    _remove(person)
    log.warning("%s removed the second factor of %s.", person.username, person.username)


def reset_second_factor(person: User, by: str) -> int:
    """Removes the second factor of somebody who lost it, and ends that person's sessions.

    `by` is for the log. Returns the number of sessions that ended.
    """
    _remove(person)
    ended = end_sessions(person)
    log.warning("%s reset the second factor of %s.", by, person.username)
    return ended


def end_sessions(person: User, keep: str | None = None) -> int:
    """Signs a person out on every device, except for the session with the key `keep`.

    Returns the number of sessions that ended. Only people who know a password have sessions, so
    there are few.
    """
    ended = [row.pk for row in _sessions_of(person) if row.pk != keep]
    Session.objects.filter(pk__in=ended).delete()
    return len(ended)


def _sessions_of(person: User) -> list[Any]:
    wanted = str(person.pk)
    return [
        row
        for row in Session.objects.filter(expire_date__gt=now()).iterator()
        for data in [row.get_decoded()]
        if wanted in (data.get(SESSION_KEY), data.get(HALF_SIGNED_IN, {}).get("person"))
    ]


def _remove(person: User) -> None:
    with transaction.atomic():
        for model in (TOTPDevice, StaticDevice):
            model.objects.filter(user=person).delete()
