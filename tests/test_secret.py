"""Secrets come from variables or files, and are found neither in the log nor in an error."""

import logging
import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import include, path
from django.utils.log import AdminEmailHandler
from django.views.debug import ExceptionReporter

from causes import publishing
from causes.preview_links import preview_links
from denervation_site import secret
from tests.factories import make_live

MARKER = "qzx-secret-value"


def refused(name):
    with pytest.raises(ImproperlyConfigured) as raised:
        secret.read(name)
    assert MARKER not in str(raised.value)
    assert raised.value.__cause__ is None
    return str(raised.value)


def test_a_variable_or_a_file_without_its_last_line_break(monkeypatch, tmp_path):
    assert secret.read("SOME_KEY") == ""
    monkeypatch.setenv("SOME_KEY", f" {MARKER} ")
    assert secret.read("SOME_KEY") == MARKER
    monkeypatch.delenv("SOME_KEY")
    (tmp_path / "key").write_text(f"{MARKER}\r\n")
    monkeypatch.setenv("SOME_KEY_FILE", str(tmp_path / "key"))
    assert secret.read("SOME_KEY") == MARKER


def test_two_values_are_refused(monkeypatch, tmp_path):
    (tmp_path / "key").write_text(MARKER)
    monkeypatch.setenv("SOME_KEY", MARKER)
    monkeypatch.setenv("SOME_KEY_FILE", str(tmp_path / "key"))
    assert refused("SOME_KEY") == "SOME_KEY and SOME_KEY_FILE are both set: keep one of them."


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        (b"", "is empty"),
        (b" \n", "is empty"),
        (MARKER.encode() + b"\xff", "not a text file"),
    ],
)
def test_a_file_without_a_secret_is_named(monkeypatch, tmp_path, content, words):
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("SOME_KEY_FILE", str(file))
    sentence = refused("SOME_KEY")
    assert str(file) in sentence
    assert words in sentence


@pytest.mark.parametrize("file", ["/", "~nobody-at-all/key", "a" * 5000])
def test_a_path_that_is_no_file_is_a_sentence(monkeypatch, file):
    monkeypatch.setenv("SOME_KEY_FILE", file)
    assert "SOME_KEY_FILE" in refused("SOME_KEY")


def _broken(request):
    password = MARKER  # noqa: F841  (a local variable, as code has them)
    raise RuntimeError(f"cannot connect with {settings.SECRET_KEY}")


urlpatterns = [path("broken/", _broken), path("", include("denervation_site.urls"))]
handler500 = "causes.public.trouble.server_error"


@pytest.fixture
def broken(db, settings, monkeypatch):
    """A site that fails with secrets at hand, in its settings and in its environment."""
    settings.ROOT_URLCONF = __name__
    settings.SECRET_KEY = secret.remember(f"{MARKER}-key")
    settings.SECRET_KEY_FALLBACKS = [secret.remember(f"{MARKER}-fallback")]
    settings.EMAIL_HOST_PASSWORD = secret.remember(f"{MARKER}-mail")
    monkeypatch.setenv("DATABASE_URL", f"postgres://site:{MARKER}@db.internal/site")
    return Client(raise_request_exception=False)


def logged(caplog):
    """The lines as the handler of the site writes them, tracebacks included."""
    line = secret.DiscreetFormatter(settings.LOGGING["formatters"]["line"]["format"])
    return "\n".join(line.format(record) for record in caplog.records)


def test_an_error_shows_no_secret_to_a_reader_or_in_the_log(broken, caplog):
    response = broken.get("/broken/", headers={"cookie": f"sessionid={MARKER}"})
    assert response.status_code == 500
    assert MARKER not in response.content.decode() + str(response.headers)
    assert "Traceback" in logged(caplog)
    assert "cannot connect with …" in logged(caplog)
    assert MARKER not in logged(caplog)


def test_the_page_for_developers_and_the_mail_show_no_secret(broken, settings, mailoutbox, rf):
    settings.ADMINS = [("Ed", "ed@example.org")]
    request = rf.get("/broken/", headers={"cookie": f"sessionid={MARKER}"})
    request.META |= {"DATABASE_URL": f"postgres://site:{MARKER}@db.internal/site"}
    try:
        password = MARKER
        raise RuntimeError("It cannot connect")
    except RuntimeError as error:
        told = (type(error), error, error.__traceback__)
    reporter = ExceptionReporter(request, *told)
    record = logging.LogRecord("django.request", logging.ERROR, "", 0, "It broke", (), told)
    record.request = request
    AdminEmailHandler(include_html=True).emit(record)
    (mail,) = mailoutbox
    mailed = mail.body + "".join(content for content, _ in mail.alternatives)
    for text in (reporter.get_traceback_html(), reporter.get_traceback_text(), mailed):
        assert "It cannot connect" in text
        shown = [line for line in text.splitlines() if MARKER in line]
        assert shown == [], shown
    assert password


def test_the_log_shows_no_preview_link_that_works(db, client, caplog):
    entry = make_live()
    publishing.share_preview(entry.newest, by=None, days=3)
    path = preview_links(entry)[0].path
    assert client.post(path).status_code == 405
    assert client.get(path.rstrip("/")).status_code == 301
    assert path.split(":")[0] in logged(caplog)
    assert path.split(":")[1].strip("/") not in logged(caplog)


def test_a_new_key_ends_no_session_and_no_preview_link(db, client, settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the-old-key", []
    entry = make_live()
    publishing.share_preview(entry.newest, by=None, days=3)
    path = preview_links(entry)[0].path
    client.force_login(User.objects.create_superuser("ed"))
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the-new-key", ["the-old-key"]
    assert client.get("/admin/").status_code == 200
    assert client.get(path).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert Client().get(path).status_code == 404


# What a key, a token, or the password in an address looks like.
LOOKS_SECRET = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[0-9A-Za-z]{30,}"
    r"|\bxox[abprs]-[0-9A-Za-z-]{10,}|\beyJ[\w-]{20,}\.[\w-]{20,}\."
    r"|(?:pbkdf2_sha256|argon2\w*|bcrypt\w*|scrypt)\$[\w$=,.+/-]{20,}"
    r"|[a-z]+://[^\s:/@]+:[^\s:/@{}]{12,}@"
)


def test_the_repository_holds_no_secret():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=settings.BASE_DIR, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("this is no git checkout, so nobody can tell which files belong to it")
    found = []
    for name in filter(None, listed.stdout.split("\0")):
        file = Path(settings.BASE_DIR) / name
        assert file.name not in ("secret-key", ".env", "id_rsa"), name
        if file.is_file() and file.suffix not in (".png", ".gz", ".lock"):
            text = file.read_text(encoding="utf-8", errors="replace")
            found += [f"{name}: {match.group()}" for match in LOOKS_SECRET.finditer(text)]
    assert found == []
