"""All settings of the site, from the environment, with safe defaults.

README.md has the table of variables. A value that cannot be parsed stops the
start with a sentence that names the variable, the value and what is expected.
"""

import os
import re
import secrets
import zoneinfo
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import django
from django.core.exceptions import ImproperlyConfigured

from causes.addresses import PUBLIC
from denervation_site import breached, database_url, secret

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


def _networks(name: str) -> list[str]:
    """Networks in CIDR notation, or single addresses."""
    for item in _list(name):
        try:
            ip_network(item)
        except ValueError:
            expected = "networks parted by commas, such as 192.0.2.0/24, 2001:db8::/32"
            raise _refuse(name, item, expected) from None
    return _list(name)


# Where the site's state lives -------------------------------------------------

# Every file that the site makes is its own user's alone, whichever server or command makes it:
# the database has password hashes, and uploads and backups have drafts.
os.umask(0o077)
DATA_DIR = Path(_text("DATA_DIR", str(BASE_DIR / "var"))).expanduser().resolve()
try:
    DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
except OSError as error:
    raise ImproperlyConfigured(
        f"DATA_DIR is {str(DATA_DIR)!r}, but the folder cannot be made ({error.strerror}); "
        "name a folder that you may write to."
    ) from None
# Files on their way in. They are moved to their place, so both are on one disk.
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "uploads"
with suppress(OSError):  # `serve` says it if the folder cannot be written
    FILE_UPLOAD_TEMP_DIR.mkdir(mode=0o700, exist_ok=True)


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
        return secret.remember(path.read_text().strip())
    except OSError as error:
        raise ImproperlyConfigured(
            f"the data folder {str(DATA_DIR)!r} cannot be used ({error.strerror}); "
            "make it writable, or name another one in DATA_DIR."
        ) from None


# What the environment says ----------------------------------------------------

DEBUG = _boolean("DEBUG", False)
SECRET_KEY = secret.read("SECRET_KEY") or _kept_secret_key()
# Older keys. What was signed with one stays valid: sessions, preview links and open forms.
SECRET_KEY_FALLBACKS = [
    secret.remember(key) for key in secret.read("SECRET_KEY_FALLBACKS").replace(",", " ").split()
]
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
    "password": secret.read("EMAIL_HOST_PASSWORD"),
    "use_tls": _boolean("EMAIL_USE_TLS", True),
}
DEFAULT_FROM_EMAIL = SERVER_EMAIL = _email(
    "EMAIL_FROM", _text("EMAIL_FROM", CONTACT_EMAIL or "webmaster@localhost.localdomain")
)
SILENCED_SYSTEM_CHECKS: list[str] = []
# Django 6.1 deprecates the older form, and refuses both forms together.
if django.VERSION >= (6, 1):
    SILENCED_SYSTEM_CHECKS += ["mail.E001"]  # without EMAIL_HOST, mail is meant to be printed
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
_database_url = secret.read("DATABASE_URL") or f"sqlite:///{DATA_DIR / 'site.sqlite3'}"
_database = database_url.parse(_database_url, test_folder=DATA_DIR)
secret.remember(_database["PASSWORD"])
DATABASES = {"default": _database}
DATABASE_ROUTERS = ["causes.database.DerivedTables"]

# Settings that no environment variable changes ------------------------------------

INSTALLED_APPS = [
    # Before causes, which puts its own pages at the desk in the place of theirs.
    "taggit",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "causes",
    "denervation_site.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",  # its widget templates, beside the desk's own
    "denervation_site.apps.SignInConfig",  # django-axes
]
MIDDLEWARE = [
    "denervation_site.fence.FenceMiddleware",  # before all others, because it chooses the addresses
    "causes.public.headers.HeadersMiddleware",  # so early that no answer misses it
    # Their headers are the same; `check --deploy` wants both. The first redirects to https.
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "causes.public.capacity.RefusalMiddleware",
    "causes.public.health.HealthMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "causes.public.methods.MethodsMiddleware",
    "causes.public.trouble.TroubleMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "denervation_site.bodies.BodiesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "denervation_site.refused.RefusedMiddleware",
    "axes.middleware.AxesMiddleware",
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

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "denervation_site.static_files.StaticFiles"},
}
WHITENOISE_USE_FINDERS = True  # for files that were never collected
MEDIA_ROOT = DATA_DIR / "media"

TEST_RUNNER = "denervation_site.test_runner.PytestRunner"

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
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "denervation_site.bodies.ToDisk",
]

# causes/public/headers.py sends these and other headers with every answer.
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
WHITENOISE_ALLOW_ALL_ORIGINS = False
DEFAULT_EXCEPTION_REPORTER_FILTER = "denervation_site.database_url.ReporterFilter"

# Over https the cookies say so, and browsers are told to stay on https.
_secure = SITE_URL.startswith("https://")
SECURE_SSL_REDIRECT = _secure
SECURE_REDIRECT_EXEMPT = [r"^healthz/$"]  # a load balancer asks from within, over http
# This host only, and for a day, so that a mistake costs a day. More must be asked for: it also
# binds hosts that are not this site, and cannot be taken back before it ends.
_hsts_days = _whole_number("HSTS_DAYS", 1 if _secure else 0)
SECURE_HSTS_SECONDS = _hsts_days * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = _boolean("HSTS_SUBDOMAINS", False)
SECURE_HSTS_PRELOAD = _boolean("HSTS_PRELOAD", False)
if _hsts_days and not _secure:
    raise _refuse("HSTS_DAYS", str(_hsts_days), "0 while SITE_URL does not begin with https://")
if SECURE_HSTS_INCLUDE_SUBDOMAINS and not _hsts_days:
    raise _refuse("HSTS_SUBDOMAINS", "on", "off while HSTS_DAYS is 0")
if SECURE_HSTS_PRELOAD and not (SECURE_HSTS_INCLUDE_SUBDOMAINS and _hsts_days >= 365):
    expected = "off unless HSTS_SUBDOMAINS is on and HSTS_DAYS is 365 or more"
    raise _refuse("HSTS_PRELOAD", "on", expected)
# `check --deploy` would have every site bind its subdomains (W005) and ask to be preloaded (W021).
SILENCED_SYSTEM_CHECKS += ["security.W005", "security.W021"]
BEHIND_PROXY = _boolean("BEHIND_PROXY", False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Sign-in ------------------------------------------------------------------------------

# The desk's place, and the networks from which it can be reached: none named means all.
ADMIN_PATH = _text("ADMIN_PATH", "admin")
if not re.fullmatch("[A-Za-z0-9](-?[A-Za-z0-9]){0,49}", ADMIN_PATH):
    raise _refuse("ADMIN_PATH", ADMIN_PATH, "letters, digits and single hyphens, such as admin")
if ADMIN_PATH.lower() in PUBLIC:
    raise _refuse("ADMIN_PATH", ADMIN_PATH, "a word that no public address begins with")
ADMIN_NETWORKS = _networks("ADMIN_NETWORKS")
# With BEHIND_PROXY, further proxies in front of the nearest one, such as those of a CDN.
PROXY_NETWORKS = _networks("PROXY_NETWORKS")
LOGIN_URL = "admin:login"

# A person who is asked for a second factor: whoever can publish or manage accounts.
SECOND_FACTOR = _boolean("SECOND_FACTOR", _secure)
OTP_TOTP_ISSUER = urlsplit(SITE_URL).hostname or "Causes of Denervation"

SESSION_IDLE_MINUTES = _whole_number("SESSION_IDLE_MINUTES", 12 * 60)
SESSION_MAX_HOURS = _whole_number("SESSION_MAX_HOURS", 7 * 24)
for _name, _value in (
    ("SESSION_IDLE_MINUTES", SESSION_IDLE_MINUTES),
    ("SESSION_MAX_HOURS", SESSION_MAX_HOURS),
):
    if not 1 <= _value <= 100_000:
        raise _refuse(_name, str(_value), "a whole number from 1 to 100000")
# The cookie outlives any idle time; causes/admin/sessions.py has both limits.
SESSION_COOKIE_AGE = SESSION_MAX_HOURS * 3600
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _secure
if _secure:
    # Browsers refuse a cookie with this prefix from a sister host, and over http.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"

# NIST SP 800-63B-4: 15 characters where a password may be the only factor, no rules about
# kinds of characters, and a list of known passwords. Passwords from before stay as they are.
_breached = _text("BREACHED_PASSWORDS")
if objection := _breached and breached.objection(Path(_breached)):
    raise ImproperlyConfigured(f"BREACHED_PASSWORDS is {_breached!r}, but {objection}")
_validation = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_validation}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_validation}.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": f"{_validation}.CommonPasswordValidator"}
    if not _breached
    else {"NAME": "denervation_site.breached.BreachedPassword", "OPTIONS": {"path": _breached}},
]

# Guesses: causes/admin/throttle.py has the rules.
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_HANDLER = "causes.admin.throttle.GuessCounter"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_CLIENT_IP_CALLABLE = "causes.admin.visitor.counted_address"
AXES_USERNAME_CALLABLE = "causes.admin.throttle.counted_name"
AXES_LOCKOUT_CALLABLE = "causes.admin.throttle.too_many"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code", "csrfmiddlewaretoken"]
AXES_ENABLE_ADMIN = AXES_VERBOSE = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "denervation_site.secret.DiscreetFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    # Its lines name nobody; those of causes.admin.throttle do.
    "loggers": {"axes": {"level": "ERROR"}},
}
