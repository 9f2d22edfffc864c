"""All settings of the site, from the environment, with safe defaults.

README.md has the table of variables. A value that cannot be parsed stops the
start with a sentence that names the variable, the value and what is expected.
"""

import os
import secrets
import zoneinfo
from pathlib import Path
from urllib.parse import urlsplit

import django
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from denervation_site import database_url

BASE_DIR = Path(__file__).resolve().parent.parent


def _text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def _refuse(name: str, value: str, expected: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} is {value!r}, but it must be {expected}.")


def _boolean(name: str, default: bool) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True}
    words |= {"0": False, "false": False, "no": False, "off": False}
    value = _text(name)
    if not value:
        return default
    if value.lower() not in words:
        raise _refuse(name, value, "one of 1, true, yes, on, 0, false, no, off")
    return words[value.lower()]


def _whole_number(name: str, default: int) -> int:
    value = _text(name, str(default))
    if not (value.isascii() and value.isdigit()):
        raise _refuse(name, value, "a whole number such as 587")
    return int(value)


def _list(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in _text(name, default).split(",") if item.strip()]


def _web_address(name: str, value: str) -> str:
    """An http(s) origin without a path, such as https://example.org."""
    expected = "an address such as https://example.org, with no path behind it"
    try:
        parts = urlsplit(value)
        port_ok = parts.port is None or parts.port > 0
    except ValueError:
        raise _refuse(name, value, expected) from None
    rest = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme not in ("http", "https") or not parts.hostname or rest or not port_ok:
        raise _refuse(name, value, expected)
    return value.rstrip("/")


def _email(name: str, value: str) -> str:
    local, at, domain = value.partition("@")
    if value and not (local and at and "." in domain and not set(value) & set(' <>,"\n')):
        raise _refuse(name, value, "one e-mail address such as editors@example.org")
    return value


# Where the site's state lives -------------------------------------------------

DATA_DIR = Path(_text("DATA_DIR", str(BASE_DIR / "var"))).expanduser().resolve()
try:
    DATA_DIR.mkdir(parents=True, exist_ok=True)
except OSError as error:
    raise ImproperlyConfigured(
        f"DATA_DIR is {str(DATA_DIR)!r}, but the folder cannot be made ({error.strerror}); "
        "name a folder that you may write to."
    ) from None


def _kept_secret_key() -> str:
    """The key in the data folder, made by whichever process comes first.

    A hard link appears whole or not at all, so that two workers that start at
    the same moment end up with one key.
    """
    path = DATA_DIR / "secret-key"
    try:
        if not path.exists():
            made = DATA_DIR / f"secret-key.{os.getpid()}.{secrets.token_hex(4)}"
            made.touch(mode=0o600)
            made.write_text(secrets.token_urlsafe(64))
            try:
                os.link(made, path)
            except FileExistsError:
                pass
            finally:
                made.unlink()
        return path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"the data folder {str(DATA_DIR)!r} cannot be used ({error.strerror}); "
            "make it writable, or name another one in DATA_DIR."
        ) from None


# What the environment says ----------------------------------------------------

DEBUG = _boolean("DEBUG", False)
SECRET_KEY = _text("SECRET_KEY") or _kept_secret_key()
ALLOWED_HOSTS = _list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
for _host in ALLOWED_HOSTS:
    if "/" in _host or " " in _host:
        raise _refuse("ALLOWED_HOSTS", _host, "host names parted by commas, such as example.org")
CSRF_TRUSTED_ORIGINS = [
    _web_address("CSRF_TRUSTED_ORIGINS", origin) for origin in _list("CSRF_TRUSTED_ORIGINS")
]
SITE_URL = _text("SITE_URL") and _web_address("SITE_URL", _text("SITE_URL"))
CONTACT_EMAIL = _email("CONTACT_EMAIL", _text("CONTACT_EMAIL"))
# Whether what goes out must be approved by somebody who wrote none of it.
FOUR_EYES = _boolean("FOUR_EYES", False)
TIME_ZONE = _text("TIME_ZONE", "UTC")
try:
    zoneinfo.ZoneInfo(TIME_ZONE)
except (ValueError, zoneinfo.ZoneInfoNotFoundError, OSError):
    raise _refuse("TIME_ZONE", TIME_ZONE, "a zone name such as Europe/London") from None

_email_host = _text("EMAIL_HOST")
_email_backend = f"django.core.mail.backends.{'smtp' if _email_host else 'console'}.EmailBackend"
_email_options = {
    "host": _email_host,
    "port": _whole_number("EMAIL_PORT", 587),
    "username": _text("EMAIL_HOST_USER"),
    "password": _text("EMAIL_HOST_PASSWORD"),
    "use_tls": _boolean("EMAIL_USE_TLS", True),
}
DEFAULT_FROM_EMAIL = SERVER_EMAIL = _email(
    "EMAIL_FROM", _text("EMAIL_FROM", CONTACT_EMAIL or "webmaster@localhost.localdomain")
)
# Django 6.1 deprecates the older form, and refuses both forms together.
if django.VERSION >= (6, 1):
    SILENCED_SYSTEM_CHECKS = ["mail.E001"]  # without EMAIL_HOST, mail is meant to be printed
    MAILERS = {
        "default": {
            "BACKEND": _email_backend,
            "OPTIONS": _email_options if _email_host else {},
        }
    }
else:
    EMAIL_BACKEND = _email_backend
    EMAIL_HOST, EMAIL_PORT = _email_options["host"], _email_options["port"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _email_options["username"], _email_options["password"]
    EMAIL_USE_TLS = _email_options["use_tls"]

# In small letters, so that it is no setting: Django's page for errors shows those.
_database_url = _text("DATABASE_URL", f"sqlite:///{DATA_DIR / 'site.sqlite3'}")
_database = database_url.parse(_database_url, test_folder=DATA_DIR)
DATABASES = {"default": _database}
DATABASE_ROUTERS = ["causes.database.DerivedTables"]

# Settings that no environment variable changes ------------------------------------

INSTALLED_APPS = [
    "taggit",  # before causes, whose admin takes the stock tags' place
    "causes",
    "denervation_site.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",  # its widget templates, beside the desk's own
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "causes.public.capacity.RefusalMiddleware",
    "causes.public.methods.ReadOnlyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "denervation_site.refused.RefusedMiddleware",
    "causes.public.import_running.ImportRunningMiddleware",
]
ROOT_URLCONF = "denervation_site.urls"
CSRF_FAILURE_VIEW = "causes.public.errors.csrf_failure"
WSGI_APPLICATION = "denervation_site.wsgi.application"
TEMPLATES = [
    {
        # The public pages. The desk's are Django's own, as the admin that they extend is.
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates" / "public"],
        "APP_DIRS": False,
        "OPTIONS": {
            "environment": "causes.public.environment.environment",
            "extensions": ["causes.public.compact.Compact"],
        },
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
FIXTURE_DIRS = [BASE_DIR / "fixtures"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-gb"
USE_TZ = True
USE_I18N = True
APPEND_SLASH = True

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = DATA_DIR / "media"

# A file that is imported at the desk may hold so much, once it is unpacked.
IMPORT_MAX_MB = _whole_number("IMPORT_MAX_MB", 256)

# Finished pages that each worker keeps in memory; 0 keeps none, so that templates can be worked on.
PAGE_CACHE_MB = _whole_number("PAGE_CACHE_MB", 0 if DEBUG else 64)
# Browsers and proxies ask again each time, and mostly get a short "not modified".
PAGE_CACHE_CONTROL = "no-cache"
if CDN_SECONDS := _whole_number("CDN_SECONDS", 0):
    PAGE_CACHE_CONTROL = (
        f"public, max-age=0, s-maxage={CDN_SECONDS}, stale-while-revalidate={CDN_SECONDS}"
    )

# Threads of a worker that each kind of slow work may hold (causes/public/capacity.py), and the
# threads that a worker has: two are left for finished pages and static files.
SLOTS = {"pages": 3, "desk": 2, "forms": 3, "sign-in": 1, "health": 1}
THREADS = 2 + sum(SLOTS.values())

TAGGIT_CASE_INSENSITIVE = True
TAGGIT_TAGS_FROM_STRING = "causes.text.names.tags_from_string"

# A text may hold 200,000 characters, which percent-encoding can make six times as long.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
DEFAULT_EXCEPTION_REPORTER_FILTER = "denervation_site.database_url.ReporterFilter"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True

# Over https the cookies say so, and browsers are told to stay on https.
_secure = SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _secure
SECURE_REDIRECT_EXEMPT = [r"^healthz/$"]  # asked by a load balancer from within, over http
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _secure else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _secure
if _boolean("BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
