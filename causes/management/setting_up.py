"""Sets up the site, or updates it: the steps before `manage.py serve` starts the server.

Everything that may go wrong is checked before anything is created. Each error is one sentence.
"""

import secrets
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import Error, connection

from causes.database import faults, files
from causes.models import Entry, Redirect


def set_up(say: Callable[[str], object]) -> None:
    """Sets up or updates the database, the first content, the first login and the static files.

    `say` prints a line. Raises CommandError.
    """
    try:
        call_command("migrate", verbosity=0, interactive=False)
        check_desk()
        _load_article(say)
        call_command("rebuild_derived", verbosity=0)
        _make_superuser(say)
    except Error as error:
        raise CommandError(faults.sentence(error, connection)) from error
    try:
        call_command("collectstatic", verbosity=0, interactive=False)
    except OSError as error:
        raise CommandError(
            f"The folder {settings.STATIC_ROOT} cannot be written ({error.strerror}): "
            "make it writable, or set DATA_DIR to another folder."
        ) from error


def make_private() -> Iterator[str]:
    """Takes the site's files from other users; yields a sentence for each that cannot be."""
    name = connection.settings_dict["NAME"]
    yield from files.make_private(
        settings.DATA_DIR, Path(name) if connection.vendor == "sqlite" else None
    )


def check_desk() -> None:
    """Raises CommandError if ADMIN_PATH would hide a page, or an old address of one."""
    taken = {"kind": Entry.Kind.PAGE, "slug": settings.ADMIN_PATH}
    old = {"slug": settings.ADMIN_PATH, "entry__kind": Entry.Kind.PAGE}
    if Entry.objects.filter(**taken).exists() or Redirect.objects.filter(**old).exists():
        raise CommandError(
            f"ADMIN_PATH is {settings.ADMIN_PATH!r}, but a page of this site has or had the "
            f"address /{settings.ADMIN_PATH}/: choose another word."
        )


def _load_article(say: Callable[[str], object]) -> None:
    if not Entry.objects.exists():
        call_command("loaddata", "initial", verbosity=0)
        say("The first article was loaded from fixtures/initial.json.")


def _make_superuser(say: Callable[[str], object]) -> None:
    users = get_user_model().objects
    if users.filter(is_superuser=True).exists():
        return
    name, number = "editor", 1
    while users.filter(username=name).exists():
        number += 1
        name = f"editor{number}"
    password = secrets.token_urlsafe(12)
    users.create_superuser(name, settings.CONTACT_EMAIL, password)
    say(f"A first login was created, shown only once: user {name}, password {password}")


def check_folder(folder: Path) -> None:
    """Raises CommandError if the data folder cannot be written."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CommandError(
            f"The data folder {folder} cannot be written ({error.strerror}): make it writable, "
            "or set DATA_DIR to another folder."
        ) from error


def check_database() -> None:
    """Raises CommandError if the database cannot be used, or is of a newer version."""
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        newer = faults.of_newer_version(connection)
    except Error as error:
        raise CommandError(faults.sentence(error, connection)) from error
    if newer:
        raise CommandError(faults.newer_sentence(newer))
