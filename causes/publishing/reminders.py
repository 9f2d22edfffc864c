"""Reminders by e-mail: the tasks on the front page of the desk, to those they concern."""

import logging
from collections.abc import Iterator
from datetime import datetime, time
from smtplib import SMTPException
from typing import Literal, NamedTuple

from django.conf import settings
from django.contrib.auth.models import User as UserRow
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone

from causes.models import Event
from causes.publishing.verb import record, verb
from causes.worklist import Section, concerning

log = logging.getLogger(__name__)


class Reminder(NamedTuple):
    user: UserRow
    outcome: Literal["sent", "would be sent", "nothing to do", "sent today already", "failed"]
    sections: list[Section]
    error: str = ""


def send_reminders(*, dry_run: bool = False) -> Iterator[Reminder]:
    """Mails each person at the desk the tasks that wait for them, at most once a day.

    A reminder is recorded before it is sent: neither a second run nor a crash sends it
    twice. If the mail server refuses it, this is recorded too, and the next run tries
    again. The day is that of TIME_ZONE.
    """
    people = UserRow.objects.filter(is_active=True, is_staff=True).exclude(email="")
    for user in people.order_by("username"):
        found = concerning(user)
        if not found:
            yield Reminder(user, "nothing to do", [])
        elif _reminded_today(user):
            yield Reminder(user, "sent today already", found)
        elif dry_run:
            yield Reminder(user, "would be sent", found)
        else:
            yield _send(user, found)


def _send(user: UserRow, found: list[Section]) -> Reminder:
    if not _claim(user, found):
        return Reminder(user, "sent today already", found)
    try:
        _message(user, found).send()
    except (OSError, SMTPException) as error:
        log.error("reminder to %s was not sent: %s", user.get_username(), error)
        _give_up(user, str(error))
        return Reminder(user, "failed", found, str(error))
    return Reminder(user, "sent", found)


@verb
def _claim(user: UserRow, found: list[Section]) -> bool:
    """Records a reminder under the lock: of two runs at the same moment, only one sends it."""
    if _reminded_today(user):
        return False
    counts = {section.key: section.total for section in found}
    record(Event.Verb.REMIND, None, user, subject=_subject(user), counts=counts)
    return True


@verb
def _give_up(user: UserRow, error: str) -> None:
    record(Event.Verb.REMIND_FAILED, None, user, subject=_subject(user), reason=error)


def _subject(user: UserRow) -> str:
    return f"reminder to {user.get_username()}"


def _reminded_today(user: UserRow) -> bool:
    zone = timezone.get_current_timezone()
    midnight = datetime.combine(timezone.localdate(), time(), tzinfo=zone)
    verbs = (Event.Verb.REMIND, Event.Verb.REMIND_FAILED)
    last = Event.objects.filter(actor=user, verb__in=verbs, at__gte=midnight).order_by("-pk")
    return last.values_list("verb", flat=True).first() == Event.Verb.REMIND


def _message(user: UserRow, found: list[Section]) -> EmailMessage:
    site = settings.SITE_URL
    lines = [f"Hello {user.get_short_name() or user.get_username()},", ""]
    lines += ["These tasks wait for you at the editors' desk:", ""]
    for section in found:
        lines.append(f"{section.title} ({section.total})")
        for row in section.rows:
            lines.append(f"  - {row.label}" + (f" – {row.detail}" if row.detail else ""))
            lines.append(f"    {site}{row.path}")
        if section.total > len(section.rows):
            lines.append(f"    and {section.total - len(section.rows)} more")
        lines.append("")
    lines.append(f"All tasks: {site}{reverse('admin:index')}")
    total = sum(section.total for section in found)
    subject = f"Editors' desk: {total} thing{'' if total == 1 else 's'} to do"
    return EmailMessage(subject, "\n".join(lines), to=[user.email])
