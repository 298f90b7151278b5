"""The one settings file.

Every deployment differs by environment variables only (README: Configuration).
"""

import zoneinfo
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from crm.lib.env import Env, refused

# The time zone data of the pinned package are used on every machine, not those of the system.
zoneinfo.reset_tzpath(to=())

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# -- Mode. Production is the default; demo mode also needs a demo database
# (crm.accounts.sign_in.demo).
RELEVO_MODE = env.choice("RELEVO_MODE", "production", ["production", "demo", "development", "test"])
PRODUCTION = RELEVO_MODE == "production"
DEMO = RELEVO_MODE == "demo"
DEBUG = env.flag("DEBUG")
if PRODUCTION and DEBUG:
    raise refused("DEBUG", "1", "0 while RELEVO_MODE=production")
RELEVO_DATA = Path(env.text("RELEVO_DATA") or BASE_DIR / ".relevo")

SECRET_KEY = env.text("SECRET_KEY")
if len(SECRET_KEY) < 50 and PRODUCTION:
    raise ImproperlyConfigured("SECRET_KEY must be set to at least 50 random characters")
SECRET_KEY = SECRET_KEY or "only-for-development-" + "x" * 40

ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,[::1]")
if PRODUCTION and (not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS):
    raise refused(
        "ALLOWED_HOSTS", ",".join(ALLOWED_HOSTS), "the host names of this site, separated by commas"
    )
BASE_URL = env.url("BASE_URL", "http://localhost:8000", ["http", "https"]).rstrip("/")
HTTPS = BASE_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [BASE_URL]

# Needed to create the first admin of an installation that others can reach. Empty: a code
# made from SECRET_KEY.
RELEVO_SETUP_CODE = env.text("RELEVO_SETUP_CODE")
if 0 < len(RELEVO_SETUP_CODE) < 12:
    raise refused("RELEVO_SETUP_CODE", "(hidden)", "at least 12 characters")

# -- Applications, top of the layers first
INSTALLED_APPS = [
    "crm.apps.CrmConfig",
    "crm.api.apps.ApiConfig",
    "crm.alignment",
    "leads",
    "sla",
    "personas",
    "crm.notifications",
    "crm.accounts",
    "crm.audit",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_cotton.apps.SimpleAppConfig",
    "django_htmx",
    "django_filters",
    "widget_tweaks",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "crm.middleware.ClientAddress",
    "crm.middleware.RequestId",
    "crm.middleware.Terms",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "crm.middleware.Compression",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "crm.middleware.Sessions",
    "crm.middleware.Viewer",
    "crm.middleware.SignInRequired",
    "crm.middleware.SecondFactorRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "crm.middleware.DomainErrors",
]
ROOT_URLCONF = "crm.urls"
CSRF_FAILURE_VIEW = "crm.errors.csrf_failed"
WSGI_APPLICATION = "crm.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates", BASE_DIR / "crm" / "docs"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "crm.navigation.shell",
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "django.templatetags.i18n",
                "crm.templatetags.addresses",
                "crm.templatetags.relevo",
                "crm.templatetags.icons",
                "crm.templatetags.clock_badge",
                "crm.templatetags.jinja",
            ],
        },
    },
    # What is asked often (crm.templatetags.jinja): files that end in .jinja.
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "environment": "crm.templatetags.jinja.environment",
            "context_processors": [
                "django.contrib.messages.context_processors.messages",
                "crm.navigation.shell",
            ],
            "libraries": ["leads.templatetags.leads"],
        },
    },
]
# Form controls by the second engine: 0.05 to 0.2 ms each instead of 0.1 to 0.8 ms.
FORM_RENDERER = "django.forms.renderers.Jinja2"
COTTON_DIR = "components"

# -- PostgreSQL: the product runs as the role of DATABASE_URL, migrations as that of
# DATABASE_OWNER_URL
_app_database = env.database("DATABASE_URL", "postgres://relevo_app@localhost:5432/relevo")
# A cursor of the server outlives its transaction: behind PgBouncer its rows may be another's.
_kept = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, "DISABLE_SERVER_SIDE_CURSORS": True}
DATABASES = {"default": {**_app_database, **_kept}}
# Of a version that knows sla_snapshot; earlier ones are "relevo" (crm.management.old_columns).
RELEVO_VERSION = "6"
_name = f"relevo {RELEVO_VERSION}"
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("application_name", _name)
DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 5)
# No statement waits longer than 30 s for a lock. How long a process that hangs keeps its locks is a
# setting of the role (crm.lib.db.rights).
_patience = "-c lock_timeout=30000"
DATABASES["default"]["OPTIONS"].setdefault("options", _patience)
OWNER_DATABASE: dict[str, Any] = {}
if env.text("DATABASE_OWNER_URL"):
    _owner = env.database("DATABASE_OWNER_URL", "")
    OWNER_DATABASE = {
        key: _owner[key] for key in ("USER", "PASSWORD", "HOST", "PORT") if key in _owner
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Redis is the broker only: sign-in and its rate limits work while Redis is down.
CACHES = {
    "default": {
        "BACKEND": "crm.lib.db.cache.JsonCache",
        # Earlier versions stored pickles, under keys without a prefix.
        "KEY_PREFIX": "json",
    }
}

# -- People and sign-in
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["crm.accounts.backend.Backend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
if RELEVO_MODE == "test":
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "crm.accounts.sign_in.passwords.NotTooLong"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
ACCOUNT_ADAPTER = "crm.accounts.sign_in.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
# Passwords have limits of our own, which lock nobody out for others: crm.accounts.sign_in.guesses.
ACCOUNT_RATE_LIMITS = {"login": None}
PASSWORD_RESET_TIMEOUT = 2 * 3600
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
# A second factor is offered to everybody and demanded of directors and admins, but not in the demo,
# whose people share their accounts.
SECOND_FACTOR_DEMANDED = RELEVO_MODE in ("production", "development")
MFA_ADAPTER = "crm.second_factor.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]

# -- E-mail: off without a server, then people are invited by link. In the demo: to the log.
_mail = env.email("EMAIL_URL", "consolemail://" if DEMO else "")
MAIL_ON = bool(_mail)
EMAIL_BACKEND = _mail.get("EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend")
EMAIL_HOST = _mail.get("EMAIL_HOST", "")
EMAIL_PORT = _mail.get("EMAIL_PORT", 25)
EMAIL_HOST_USER = _mail.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = env.number("EMAIL_TIMEOUT", 8, low=1, high=60)
DEFAULT_FROM_EMAIL = env.sender(
    "DEFAULT_FROM_EMAIL", f"Relevo <relevo@{urlsplit(BASE_URL).hostname}>"
)

# -- Languages: Spanish and English are equal; Spanish is the default
LANGUAGE_CODE = "es"
LANGUAGES = [("es", _("Spanish")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "crm" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
# Digits are grouped by the template filter "number" only: ids in URLs and attributes stay plain.
USE_THOUSAND_SEPARATOR = False

# -- Static files
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("RELEVO_STATIC") or RELEVO_DATA / "static")
_static_backend = "whitenoise.storage.CompressedManifestStaticFilesStorage"
if RELEVO_MODE == "test":
    _static_backend = "django.contrib.staticfiles.storage.StaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _static_backend},
}
WHITENOISE_USE_FINDERS = RELEVO_MODE == "test"

# -- Browser security
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_SECURE = HTTPS
# A browser takes a cookie of this prefix only from this host and over https, not from a sibling
# under the same domain.
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}relevo_session"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}relevo_csrf"
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}relevo_language"
DEVICE_COOKIE_NAME = f"{COOKIE_PREFIX}relevo_device"
SAVED_COOKIE_NAME = f"{COOKIE_PREFIX}relevo_saved"
# A session ends when nobody used it for the first of these, and in any case after the second
# (crm.accounts.sign_in.sessions).
_days = env.number("RELEVO_SESSION_DAYS", 14, low=1, high=90)
# Not set, or empty as docker-compose.yml passes it on: the hours follow fewer days.
_idle_hours = min(72, 24 * _days)
if env.text("RELEVO_SESSION_IDLE_HOURS"):
    _idle_hours = env.number("RELEVO_SESSION_IDLE_HOURS", 0, low=1, high=2160)
SESSION_ENDS_AFTER = timedelta(days=_days)
SESSION_IDLE_AFTER = timedelta(hours=_idle_hours)
if SESSION_IDLE_AFTER > SESSION_ENDS_AFTER:
    raise refused(
        "RELEVO_SESSION_IDLE_HOURS",
        env.text("RELEVO_SESSION_IDLE_HOURS"),
        "no more hours than RELEVO_SESSION_DAYS has",
    )
SESSION_ENGINE = "crm.accounts.sign_in.session_store"
SESSION_COOKIE_AGE = int(SESSION_ENDS_AFTER.total_seconds())
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag("RELEVO_HSTS_SUBDOMAINS")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# How many proxies of our own stand before this server. Without one, forwarded headers are what
# anybody may write, and are ignored.
RELEVO_PROXIES = env.number("RELEVO_PROXIES", 0, low=0, high=10)
if HTTPS and RELEVO_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Warnings of `manage.py check --deploy` that do not hold here, each with the reason.
NOT_HERE = {
    "security.W005": "only the owner knows the other hosts of the domain: RELEVO_HSTS_SUBDOMAINS",
    "security.W008": "the proxy in front redirects to https; probes of health ask by http",
    "security.W021": "the preload list is for the whole domain and for good: its owner decides",
}
SILENCED_SYSTEM_CHECKS = list(NOT_HERE)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
FILE_UPLOAD_HANDLERS = [
    "crm.lib.files.upload_limit.Limit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# -- REST API: JSON only, authenticated by key or by session; errors are problem details (crm.api)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "crm.api.authentication.KeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["crm.api.authentication.InScope"],
    "DEFAULT_THROTTLE_CLASSES": ["crm.api.authentication.Rate"],
    "DEFAULT_PARSER_CLASSES": ["crm.api.bodies.Json"],
    "DEFAULT_RENDERER_CLASSES": ["crm.api.bodies.FastJson"],
    "DEFAULT_SCHEMA_CLASS": "crm.api.schema.Operation",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "crm.api.problems.answer",
    "URL_FORMAT_OVERRIDE": None,
}
# For each key.
API_REQUESTS_PER_MINUTE = env.number("API_REQUESTS_PER_MINUTE", 1200, low=1, high=1_000_000)
SPECTACULAR_SETTINGS = {
    "TITLE": "Relevo",
    "VERSION": "1",
    "DESCRIPTION": _(
        "Leads and their handoffs from marketing to sales. A moment has its offset from UTC (RFC"
        " 3339), as in 2026-12-03T15:30:00-05:00; without one it is refused. A number is a JSON"
        " number, or a string with a point before decimals, as in 1000.50; nothing groups"
        " thousands."
    ),
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "StageEnum": "leads.states.Stage",
        "HandoffStateEnum": "leads.states.HandoffState",
        "ReturnStateEnum": "leads.states.ReturnState",
        "DisputeStateEnum": "leads.states.DisputeState",
        "DisputeKindEnum": "leads.states.DisputeKind",
        "DecisionKindEnum": "leads.states.DecisionKind",
        "ContactChannelEnum": "leads.states.ContactChannel",
        "AttemptOutcomeEnum": "leads.states.AttemptOutcome",
        "KnownOutcomeEnum": "leads.states.KNOWN_OUTCOMES",
        "FollowUpEnum": "leads.states.FollowUp",
        "TruthEnum": "leads.states.Truth",
        "OutcomeEnum": "leads.states.OutcomeKind",
        "VerdictEnum": "leads.states.Verdict",
        "RejectionClassEnum": "sla.states.RejectionClass",
        "CriterionKindEnum": "personas.states.CriterionKind",
    },
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
}

# -- Celery: Redis carries ids of work only; every deadline is a row in PostgreSQL
CELERY_BROKER_URL = env.url(
    "REDIS_URL", "redis://localhost:6379/0", ["redis", "rediss", "redis+socket", "unix", "memory"]
)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "socket_timeout": 5,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 30,
}
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "notify"

# Who sends it as "Authorization: Bearer …" reads /metrics. Empty: there is no such page.
RELEVO_METRICS_TOKEN = env.text("RELEVO_METRICS_TOKEN")
if 0 < len(RELEVO_METRICS_TOKEN) < 20:
    raise refused("RELEVO_METRICS_TOKEN", "(hidden)", "at least 20 random characters")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {
        "handlers": ["stderr"],
        "level": env.choice("LOG_LEVEL", "INFO", ["DEBUG", "INFO", "WARNING", "ERROR"]),
    },
    "loggers": {
        "django.server": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}
