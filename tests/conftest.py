"""What all tests share. Rows are real and come through the real verbs: see factories.py."""

import os

import pytest
from django.conf import settings
from django.core.management import call_command

# Playwright's synchronous API runs an event loop, at whose sight Django refuses the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


def pytest_configure():
    # Hashed names need a collectstatic first; the served site of the journeys has them.
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.WHITENOISE_AUTOREFRESH = True
    database = settings.DATABASES["default"]
    if "init_command" in database.get("OPTIONS", {}):
        # Test databases need not outlive a power cut.
        command = database["OPTIONS"]["init_command"]
        database["OPTIONS"]["init_command"] = command.replace("=FULL", "=OFF")


@pytest.fixture(autouse=True)
def clock_of_the_test(monkeypatch):
    """Tests move this machine's clock but not PostgreSQL's, and may go back in time."""
    from causes import clock
    from causes.database import moments

    monkeypatch.setattr(moments, "compare", lambda *_: None)
    yield
    clock.reach(0)


@pytest.fixture
def article(db):
    """The initial fixture, loaded as anybody would."""
    call_command("loaddata", "initial", verbosity=0)


@pytest.fixture
def editor(db, django_user_model):
    """May do everything."""
    return django_user_model.objects.create_superuser("ed", "ed@example.org", "pw")


@pytest.fixture
def writer(db, django_user_model):
    """May write drafts of causes and pages, and nothing else."""
    from django.contrib.auth.models import Permission

    user = django_user_model.objects.create_user("wil", "wil@example.org", "pw", is_staff=True)
    names = [f"{verb}_{kind}" for verb in ("add", "change", "view") for kind in ("cause", "page")]
    user.user_permissions.set(Permission.objects.filter(codename__in=[*names, "view_tag"]))
    return user


@pytest.fixture
def onlooker(db, django_user_model):
    """May look at causes, and touch nothing."""
    from django.contrib.auth.models import Permission

    user = django_user_model.objects.create_user("una", "una@example.org", "pw", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_cause"))
    return user


@pytest.fixture
def desk(client, editor):
    """A browser of sorts in which the editor is signed in."""
    client.force_login(editor)
    return client
