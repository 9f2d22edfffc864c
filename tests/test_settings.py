"""Settings come from the environment; a value that cannot be parsed is a sentence."""

import subprocess
import sys

import django
import pytest
from django.conf import settings

from tests.processes import environment


def manage(*arguments, tmp_path, **variables):
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=environment(**({"DATA_DIR": str(tmp_path / "data")} | variables)),
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "maybe"),
        ("SITE_URL", "example.org"),
        ("SITE_URL", "https://example.org/path"),
        ("CONTACT_EMAIL", "not an address"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("EMAIL_PORT", "many"),
        ("CSRF_TRUSTED_ORIGINS", "example.org"),
        ("ALLOWED_HOSTS", "https://example.org"),
        ("HSTS_DAYS", "a year"),
        ("HSTS_DAYS", "365"),  # with no https
    ],
)
def test_a_value_that_cannot_be_parsed_is_named_with_what_is_expected(tmp_path, name, value):
    result = manage("check", tmp_path=tmp_path, **{name: value})
    assert result.returncode != 0
    (line,) = result.stderr.strip().splitlines()
    assert name in line
    assert value in line
    assert "must be" in line


def test_false_words_are_false(tmp_path):
    for value in ("0", "false", "No", "OFF"):
        code = "from django.conf import settings; assert settings.DEBUG is False"
        result = manage("shell", "-v0", "-c", code, tmp_path=tmp_path, DEBUG=value)
        assert result.returncode == 0, result.stderr


def test_a_data_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    result = manage("check", tmp_path=tmp_path, DATA_DIR=str(tmp_path / "file" / "data"))
    assert result.returncode != 0
    assert result.stderr.count("\n") == 1
    assert "DATA_DIR" in result.stderr


def test_the_secret_key_is_made_once_and_kept(tmp_path):
    code = "from django.conf import settings; print(settings.SECRET_KEY)"
    first = manage("shell", "-v0", "-c", code, tmp_path=tmp_path).stdout.strip()
    second = manage("shell", "-v0", "-c", code, tmp_path=tmp_path).stdout.strip()
    assert len(first) > 60
    assert first == second
    key = tmp_path / "data" / "secret-key"
    assert key.read_text() == first
    assert key.stat().st_mode & 0o077 == 0
    given = manage("shell", "-v0", "-c", code, tmp_path=tmp_path, SECRET_KEY="given")
    assert given.stdout.strip() == "given"


def test_check_deploy_is_clean_with_the_documented_variables(tmp_path):
    result = manage(
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
        tmp_path=tmp_path,
        SECRET_KEY="k9" * 40 + "abcdefgh",
        ALLOWED_HOSTS="denervation.example",
        SITE_URL="https://denervation.example",
    )
    assert result.returncode == 0, result.stderr
    # W005 and W021 would have every site bind its subdomains, and ask to be preloaded.
    # Django 6.1 asks for a mail server as well.
    assert {*settings.SILENCED_SYSTEM_CHECKS} - {"mail.E001"} == {"security.W005", "security.W021"}


def test_more_than_a_day_of_https_must_be_asked_for(tmp_path):
    code = "from django.conf import settings as s; print(s.SECURE_HSTS_SECONDS, "
    code += "s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_HSTS_PRELOAD)"
    asked = {"HSTS_DAYS": "365", "HSTS_SUBDOMAINS": "on", "HSTS_PRELOAD": "on"}
    https = {"tmp_path": tmp_path, "SITE_URL": "https://denervation.example"}
    result = manage("shell", "-v0", "-c", code, **https, **asked)
    assert result.stdout.split() == [str(365 * 24 * 3600), "True", "True"], result.stderr
    for name in ("HSTS_DAYS", "HSTS_SUBDOMAINS"):
        result = manage("check", **https, **{k: v for k, v in asked.items() if k != name})
        assert "HSTS_PRELOAD is 'on', but it must be off unless" in result.stderr


def test_sqlite_is_set_up_so_that_readers_do_not_wait_and_writers_queue(db):
    from django.db import connection

    if connection.vendor != "sqlite":
        pytest.skip("SQLite's own settings; CI runs the suite on SQLite too")
    with connection.cursor() as cursor:
        answers = [
            cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        ]
    assert answers == ["wal", 1, 20_000]
    assert connection.transaction_mode == "IMMEDIATE"
    assert not connection.is_in_memory_db()


IN_PRODUCTION = """
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
call_command("collectstatic", verbosity=0, interactive=False)
client = Client(SERVER_NAME="denervation.example")
plain, asked = client.get("/causes/"), client.get("/healthz/")
proxied = client.get("/causes/", headers={"x-forwarded-proto": "https"})
login = client.get("/admin/login/", headers={"x-forwarded-proto": "https"})
print(plain.status_code, plain["Location"], asked.status_code, proxied.status_code)
print(proxied["Strict-Transport-Security"], login.cookies["__Host-csrftoken"]["secure"])
print(b'rel="canonical" href="https://denervation.example/causes/"' in proxied.content)
"""


def test_behind_a_proxy_that_ends_tls_all_is_https(tmp_path):
    result = manage(
        "shell",
        "-v0",
        "-c",
        IN_PRODUCTION,
        tmp_path=tmp_path,
        SECRET_KEY="k9" * 40 + "abcdefgh",
        ALLOWED_HOSTS="denervation.example",
        SITE_URL="https://denervation.example",
        BEHIND_PROXY="1",
    )
    assert result.stdout.splitlines() == [
        "301 https://denervation.example/causes/ 200 200",
        "max-age=86400 True",
        "True",
    ], result.stderr


FROM_FILES = """
from django.conf import settings
from django.core.mail import get_connection
print(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS, get_connection().password)
print(settings.DATABASES["default"]["NAME"])
"""


def test_each_secret_may_come_from_a_file(tmp_path):
    contents = {
        "SECRET_KEY": "the-new-key\n",
        "SECRET_KEY_FALLBACKS": "the-old-key\nan-older-key\n",
        "EMAIL_HOST_PASSWORD": "the password\n",
        "DATABASE_URL": f"sqlite:///{tmp_path}/here.sqlite3\n",
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content)
    files = {f"{name}_FILE": str(tmp_path / name) for name in contents}
    result = manage(
        "shell", "-v0", "-c", FROM_FILES, tmp_path=tmp_path, EMAIL_HOST="m.example", **files
    )
    assert result.stdout.splitlines() == [
        "the-new-key the-old-key an-older-key the password",
        f"{tmp_path}/here.sqlite3",
    ], result.stderr


def test_mail_goes_to_the_server_that_the_environment_names(tmp_path):
    server = "mailers['default']" if django.VERSION >= (6, 1) else "get_connection()"
    code = f"from django.core import mail; s = mail.{server}; "
    code += "print(s.host, s.port, s.username, s.password, s.use_tls)"
    login = {"EMAIL_HOST_USER": "ed", "EMAIL_HOST_PASSWORD": "pw", "EMAIL_USE_TLS": "off"}
    result = manage("shell", "-v0", "-c", code, tmp_path=tmp_path, EMAIL_HOST="m.example", **login)
    assert result.stdout.split() == ["m.example", "587", "ed", "pw", "False"]
