"""Every setting; what an operator may want otherwise comes from the environment (``docs/operating.md`` lists it)."""

import re
import sys
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import environ
import pghistory
import phonenumbers
import structlog
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy

from crm_project.database import embedded

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def boolean(name: str, default: bool) -> bool:
    """As ``env.bool``, but a value that is neither true nor false stops the start instead of meaning false."""
    text = env.str(name, str(default)).strip().lower()
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {text!r}.")


def number(name: str, default: int, least: int = 0) -> int:
    try:
        value = env.int(name, default)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {env.str(name)!r}.") from error
    if value < least:
        raise ImproperlyConfigured(f"{name} must be at least {least}.")
    return value


def matching(name: str, default: str, pattern: str, form: str) -> str:
    """A text that has the form of the pattern."""
    text = env.str(name, default).strip()
    if not re.fullmatch(pattern, text):
        raise ImproperlyConfigured(f"{name} must be {form}, not {text!r}.")
    return text


def rate(name: str, default: str) -> str:
    return matching(name, default, r"[1-9]\d{0,8}/[1-9]\d{0,8}", "requests/seconds such as 6000/60")


def regions(name: str, default: list[str]) -> list[str]:
    """ISO 3166-1 codes of countries whose telephone numbers are known."""
    codes = [code.strip().upper() for code in env.list(name, default=default)]
    if not codes or not phonenumbers.SUPPORTED_REGIONS.issuperset(codes):
        raise ImproperlyConfigured(f"{name} must be two-letter codes of countries such as US,RU, not {codes}.")
    return codes


def database() -> dict[str, Any]:
    config = env.db_url_config(env.str("DATABASE_URL", "") or embedded.database_url(DATA_DIR))
    if config["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured("DATABASE_URL must be the address of a PostgreSQL: postgres://user@host/name.")
    return dict(config)


def mail() -> dict[str, Any]:
    try:
        return dict(env.email_url("EMAIL_URL", default="filemail://"))
    except ImproperlyConfigured as error:
        raise ImproperlyConfigured(
            f"EMAIL_URL must be an address such as smtp://user:password@host:587. {error}"
        ) from error


def quiet_hours() -> tuple[int, int] | None:
    """From which hour to which nobody is written to."""
    form = "hours such as 21-8, or none"
    text = matching("CRM_QUIET_HOURS", "21-8", r"none|([01]?\d|2[0-3])-([01]?\d|2[0-3])", form)
    if text == "none":
        return None
    begin, end = map(int, text.split("-"))
    if begin == end:
        raise ImproperlyConfigured(f"CRM_QUIET_HOURS must be {form}, and end at another hour than they begin.")
    return begin, end


def time_zone(name: str, default: str) -> str:
    text = env.str(name, default).strip()
    if text not in available_timezones():
        raise ImproperlyConfigured(f"{name} must be a time zone such as Europe/Paris, not {text!r}.")
    return text


def secret_key() -> str:
    """From the environment, else the one that ``make run`` made; there is no default."""
    kept = DATA_DIR / "secret_key"
    key = env.str("SECRET_KEY", "") or (kept.read_text().strip() if kept.is_file() else "")
    if len(key) < 32:
        raise ImproperlyConfigured("SECRET_KEY must be set to at least 32 random characters.")
    return key


DATA_DIR = Path(env.str("CRM_DATA_DIR", str(BASE_DIR / "var"))).resolve()
DEBUG = boolean("DEBUG", False)
SECRET_KEY = secret_key()
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
if "*" in ALLOWED_HOSTS and not DEBUG:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts; '*' is only for DEBUG.")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "crm_project.database",
    "crm_project.access",
    "crm_project.api",
    "crm_project.history",
    "crm_project.jobs",
    "crm_project.transfer",
    "crm_project.mail",
    "crm_project.privacy",
    "contacts",
    "leads",
    "customers",
    "orders",
    "feedback",
    "reports",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "guardian",
    "import_export",
    "axes",
    "pghistory",
    "pgtrigger",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "crm_project.api.middleware.RequestIdMiddleware",
    "crm_project.api.middleware.UnavailableMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "crm_project.admin.middleware.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "crm_project.api.middleware.TrailingSlashMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "crm_project.access.middleware.UserLocaleMiddleware",
    "crm_project.api.middleware.HistoryMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "crm_project.urls"
WSGI_APPLICATION = "crm_project.wsgi.application"
ASGI_APPLICATION = "crm_project.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Database. Nothing that a web request does may hold it up; commands and jobs may take as long as they need.
IS_WEB = sys.argv[1:2] in (["serve"], ["runserver"]) or "crm_project.wsgi" in sys.modules
WEB_TIMEOUTS = {"statement_timeout": 5_000, "lock_timeout": 3_000, "idle_in_transaction_session_timeout": 30_000}
DATABASES = {"default": database()}
DATABASES["default"] |= {
    "CONN_MAX_AGE": number("CRM_CONN_MAX_AGE", 60),
    "CONN_HEALTH_CHECKS": True,
    "TEST": {"NAME": env.str("CRM_TEST_DATABASE", "test_crm")},
}
DATABASES["default"].setdefault("OPTIONS", {})["options"] = " ".join(
    f"-c {name}={milliseconds}" for name, milliseconds in WEB_TIMEOUTS.items() if IS_WEB
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Who is asking
AUTH_USER_MODEL = "access.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "crm_project.access.backends.RecordBackend",
    "guardian.backends.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
AXES_ENABLE_ADMIN = False  # Its pages are among those of users and keys.
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = number("CRM_LOGIN_FAILURES", 10, least=1)
AXES_COOLOFF_TIME = number("CRM_LOGIN_LOCK_HOURS", 1, least=1)
AXES_RESET_ON_SUCCESS = True
AXES_IPWARE_PROXY_COUNT = number("CRM_TRUSTED_PROXIES", 0)
CRM_TRUSTED_PROXIES = AXES_IPWARE_PROXY_COUNT

# Safety of the browser's side
SECURE_BROWSER_HTTPS = boolean("CRM_HTTPS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_BROWSER_HTTPS
SECURE_SSL_REDIRECT = SECURE_BROWSER_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]  # Balancers ask for these without TLS.
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_BROWSER_HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if CRM_TRUSTED_PROXIES else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True

# Language and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ru", "Русский")]
LOCALE_PATHS = [BASE_DIR / "crm_project" / "locale"]  # Of the kernel and of templates/; each app has its own.
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = "crm_project.formats"

# Files
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
MEDIA_ROOT = DATA_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or "pytest" in sys.modules
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG or "pytest" in sys.modules
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
CRM_IMPORT_MAX_BYTES = number("CRM_IMPORT_MAX_MB", 512, least=1) * 1024 * 1024
CRM_IMPORT_INLINE_ROWS = number("CRM_IMPORT_INLINE_ROWS", 2_000)
CRM_IMPORT_FILE_DAYS = number("CRM_IMPORT_FILE_DAYS", 30, least=1)
CRM_EXPORT_INLINE_ROWS = number("CRM_EXPORT_INLINE_ROWS", 1_000_000)
CRM_EXPORT_LINK_HOURS = number("CRM_EXPORT_LINK_HOURS", 24, least=1)

# Mail
vars().update(mail())
EMAIL_FILE_PATH = str(DATA_DIR / "mail")
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "CRM <crm@localhost>")
CRM_PUBLIC_URL = matching(
    "CRM_PUBLIC_URL",
    f"http://127.0.0.1:{env.str('CRM_PORT', '') or 8000}",
    r"https?://[^\s/?#]+(/[^\s?#]*)?",
    "an address such as https://crm.example.com",
).rstrip("/")
CRM_QUIET_HOURS = quiet_hours()
CRM_MAIL_DAILY_CAP = number("CRM_MAIL_DAILY_CAP", 3, least=1)
CRM_MAIL_TIME_ZONE = time_zone("CRM_MAIL_TIME_ZONE", "UTC")
CRM_MAIL_LANGUAGE = matching("CRM_MAIL_LANGUAGE", "en", "en|ru", "en or ru")

# The API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "crm_project.api.authentication.ApiKeyAuthentication",
        "crm_project.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["crm_project.api.permissions.RightPermission"],
    "DEFAULT_THROTTLE_CLASSES": ["crm_project.api.throttling.KeyThrottle"],
    "DEFAULT_PARSER_CLASSES": ["crm_project.api.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "crm_project.api.pagination.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "crm_project.api.schema.CrmSchema",
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "UPLOADED_FILES_USE_URL": False,
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_HANDLER_CLASS": "crm_project.api.errors.Handler",
    "EXCEPTION_FORMATTER_CLASS": "crm_project.api.errors.Formatter",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "CRM API",
    "DESCRIPTION": "Contacts, their organisations, history and segments. Send `Authorization: Bearer YOUR_API_KEY`.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.0.3",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/(dev/crm)?",
    "CAMELIZE_NAMES": False,
    "ENUM_NAME_OVERRIDES": {
        "ContactTypeEnum": "contacts.models.Contact.Type",
        "ContactPointTypeEnum": "contacts.models.ContactPoint.Type",
        "ServiceEnum": "contacts.models.ContactPoint.Service",
        "InteractionTypeEnum": "contacts.models.Interaction.Type",
        "CustomFieldTypeEnum": "contacts.models.CustomField.Type",
        "SegmentKindEnum": "contacts.models.Segment.Kind",
        "TaskKindEnum": "contacts.models.Task.Kind",
        "TaskStatusEnum": "contacts.models.Task.Status",
        "NurtureStepKindEnum": "leads.models.NurtureStep.Kind",
        "OriginEnum": "contacts.models.Origin",
        "NurtureOriginEnum": "leads.models.NurtureEnrollment.Origin",
        "FileFormatEnum": "crm_project.transfer.models.FORMATS",
        "JobStateEnum": "crm_project.transfer.models.Job.State",
        "RoundStateEnum": "feedback.models.FeedbackRound.State",
    },
}
CRM_API_PREFIX = env.str("CRM_API_PREFIX", "dev/crm").strip("/")
CRM_ACCOUNT_ID = matching(
    "CRM_ACCOUNT_ID", "", r"([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?", "a UUID in small letters"
)
CRM_RATE_LIMIT = rate("CRM_RATE_LIMIT", "18000/60")
CRM_WRONG_KEY_RATE = rate("CRM_WRONG_KEY_RATE", "60/60")
CRM_SCOPED_RATES = {
    "import": rate("CRM_IMPORT_RATE", "60/60"),
    "export": rate("CRM_EXPORT_RATE", "60/60"),
}
CRM_KEY_USE_RESOLUTION = 60

# People
CRM_PHONE_REGIONS = regions("CRM_PHONE_REGIONS", ["US", "RU"])

# Follow-ups
CRM_FOLLOWUP_ESCALATE_DAYS = number("CRM_FOLLOWUP_ESCALATE_DAYS", 3)

# Feedback
CRM_FEEDBACK_COOLDOWN_DAYS = number("CRM_FEEDBACK_COOLDOWN_DAYS", 30, least=1)
CRM_FEEDBACK_LINK_DAYS = number("CRM_FEEDBACK_LINK_DAYS", 30, least=1)
CRM_FEEDBACK_REMINDERS = number("CRM_FEEDBACK_REMINDERS", 2)
CRM_FEEDBACK_REMINDER_DAYS = number("CRM_FEEDBACK_REMINDER_DAYS", 5, least=1)
CRM_FEEDBACK_LOW_RATING = number("CRM_FEEDBACK_LOW_RATING", 2)
CRM_FEEDBACK_THEME_COMMENTS = number("CRM_FEEDBACK_THEME_COMMENTS", 20_000, least=100)
CRM_SURVEY_RATE = rate("CRM_SURVEY_RATE", "10/60")

# Change history: the event tables are read by record, never by the records they refer to.
PGHISTORY_FOREIGN_KEY_FIELD = pghistory.ForeignKey(db_index=False)
PGHISTORY_OBJ_FIELD = pghistory.ObjForeignKey(db_index=True)

# Admin
UNFOLD = {
    "SITE_TITLE": "CRM",
    "SITE_HEADER": "CRM",
    "SITE_SYMBOL": "diversity_3",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("access/favicon.svg")},
    ],
    "STYLES": [lambda request: static("access/utilities.css"), lambda request: static("access/lists.css")],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "DASHBOARD_CALLBACK": "crm_project.admin.site.start_page",
    "SIDEBAR": {"navigation": "crm_project.admin.site.navigation"},
    "COLORS": {
        "primary": {
            "50": "oklch(98.4% .014 180.72)",
            "100": "oklch(95.3% .051 180.801)",
            "200": "oklch(91% .096 180.426)",
            "300": "oklch(85.5% .138 181.071)",
            "400": "oklch(77.7% .152 181.912)",
            "500": "oklch(70.4% .14 182.503)",
            "600": "oklch(51.1% .096 186.391)",
            "700": "oklch(43.7% .078 188.216)",
            "800": "oklch(38.6% .063 188.416)",
            "900": "oklch(33.5% .052 188.9)",
            "950": "oklch(27.7% .046 192.524)",
        }
    },
}

# Logs: one line of JSON an event, with the request's id.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOG_LEVELS = "DEBUG|INFO|WARNING|ERROR|CRITICAL"
LOG_LEVEL = matching("CRM_LOG_LEVEL", "WARNING", LOG_LEVELS, f"one of {LOG_LEVELS}")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "structlog.stdlib.ProcessorFormatter",
            "foreign_pre_chain": [
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "loggers": {"django.request": {"level": "ERROR"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
}
