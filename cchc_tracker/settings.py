"""Settings: everything comes from the environment or ``.env`` (see ``.env.example``).

Without DATABASE_URL the project runs *embedded*: SQLite, a broker in folders, mails as files, all
below ``var/``, with a secret made at the first start. With DATABASE_URL it fails shut: nothing that
matters for safety has a default.
"""

import os
import secrets
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if (BASE_DIR / ".env").is_file() and not os.environ.get("CCHC_IGNORE_DOTENV"):
    environ.Env.read_env(BASE_DIR / ".env")


BOOLEANS = {"1", "true", "yes", "on", "0", "false", "no", "off"}


def read(kind: str, name: str, default: Any = environ.Env.NOTSET) -> Any:
    """One variable, with its name in the message when it is missing or its value is bad.

    An empty value counts as none: ``NAME=`` in ``.env`` or in a container is how one leaves it out.
    """
    value = os.environ.get(name, "").strip()
    if not value:
        if default is environ.Env.NOTSET:
            raise ImproperlyConfigured(f"Thiếu biến môi trường {name} (xem .env.example).")
        return default
    if kind == "bool" and value.lower() not in BOOLEANS:
        raise ImproperlyConfigured(
            f"Biến môi trường {name} phải là 1 hoặc 0 (true, false), không phải «{value}»."
        )
    if kind == "int" and not (value.isascii() and value.isdigit()):
        raise ImproperlyConfigured(
            f"Biến môi trường {name} phải là số nguyên không âm, không phải «{value}»."
        )
    try:
        return getattr(env, kind)(name)
    except (ImproperlyConfigured, ValueError, TypeError, KeyError) as error:
        raise ImproperlyConfigured(f"Biến môi trường {name} có giá trị sai: {error}") from error


def writable(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"Không ghi được vào thư mục {folder}: {error}") from error
    return folder


EMBEDDED = not os.environ.get("DATABASE_URL")
VAR_DIR = Path(read("str", "VAR_DIR", str(BASE_DIR / "var")))


def embedded_secret() -> str:
    """The secret of an embedded installation: made once, kept in ``var/``, readable by its owner only."""
    path = writable(VAR_DIR) / "secret_key"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
    except FileExistsError:
        pass
    secret = path.read_text().strip()
    if not secret:
        raise ImproperlyConfigured(f"Tệp {path} trống; hãy xóa tệp rồi chạy lại.")
    return secret


# -- Core ---------------------------------------------------------------------------------------

DEBUG = read("bool", "DEBUG", False)
SECRET_KEY = (
    read("str", "SECRET_KEY", "") or embedded_secret() if EMBEDDED else read("str", "SECRET_KEY")
)
if len(SECRET_KEY) < 32:
    raise ImproperlyConfigured("Biến môi trường SECRET_KEY quá ngắn: cần ít nhất 32 ký tự.")
SITE_URL = read("str", "SITE_URL", *(["http://127.0.0.1:8000"] if EMBEDDED else [])).rstrip("/")
_site = urlsplit(SITE_URL)
if _site.scheme not in {"http", "https"} or not _site.hostname:
    raise ImproperlyConfigured(
        f"Biến môi trường SITE_URL phải là địa chỉ http(s) đầy đủ, không phải «{SITE_URL}»."
    )
ALLOWED_HOSTS = read(
    "list",
    "ALLOWED_HOSTS",
    sorted({_site.hostname, *(["localhost", "127.0.0.1", "[::1]"] if EMBEDDED else [])}),
)
CSRF_TRUSTED_ORIGINS = read("list", "CSRF_TRUSTED_ORIGINS", [f"{_site.scheme}://{_site.netloc}"])

INSTALLED_APPS = [
    "accounts",
    "plans",
    "tasks",
    "scoring",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "csp",
    "axes",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "cchc_tracker.urls"
WSGI_APPLICATION = "cchc_tracker.wsgi.application"
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
                "accounts.context.shell",
            ],
            "builtins": ["accounts.templatetags.shell", "plans.templatetags.vi"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- Database -----------------------------------------------------------------------------------

DATABASES = {
    "default": env.db_url_config(f"sqlite:///{writable(VAR_DIR) / 'db.sqlite3'}")
    if EMBEDDED
    else read("db", "DATABASE_URL")
}
_db = DATABASES["default"]
_engine = _db.get("ENGINE", "")
if _engine.endswith("sqlite3"):
    # WAL and IMMEDIATE: without them a second writer fails at once instead of waiting its turn.
    _db["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;",
    }
    _db["CONN_MAX_AGE"] = None
elif _engine.endswith("postgresql"):
    _db["CONN_HEALTH_CHECKS"] = True  # a restarted database costs no request an error
    _db["OPTIONS"] = {
        **_db.get("OPTIONS", {}),
        "pool": {"min_size": 1, "max_size": read("int", "DATABASE_POOL_SIZE", 10), "timeout": 20},
    }
else:
    raise ImproperlyConfigured("Biến môi trường DATABASE_URL: chỉ hỗ trợ sqlite và postgresql.")

# -- Sign-in ------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "accounts.backends.EmailBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign_in"
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600  # a link made on Friday still works on Monday morning
SESSION_COOKIE_AGE = read("int", "SESSION_HOURS", 12) * 3600
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "accounts.views.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "username"
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
AXES_IPWARE_PROXY_COUNT = read("int", "PROXY_COUNT", 0) or None

# -- Safety in transport ------------------------------------------------------------------------

_https = _site.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_SSL_REDIRECT = _https
SECURE_HSTS_SECONDS = read("int", "HSTS_SECONDS", 31536000) if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _https
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
if read("int", "PROXY_COUNT", 0):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "accounts.views.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # Tabler's own CSS holds small pictures as data
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# -- Language -----------------------------------------------------------------------------------

LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", "Tiếng Việt")]
TIME_ZONE = "Asia/Ho_Chi_Minh"
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["cchc_tracker.formats"]
USE_THOUSAND_SEPARATOR = False  # figures are written by plans.numbers, identifiers must stay plain
LOCALE_PATHS: list[Path] = []

# -- Files --------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "files"  # never served from a folder: only through a permission check
MEDIA_URL = ""
MAX_UPLOAD_MB = read("int", "MAX_UPLOAD_MB", 20)
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o640
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "tasks.uploading.DiskHandler",  # as Django's own, but a full disk is a message, not an error
]
CLAMD_SOCKET = read(
    "str", "CLAMD_SOCKET", ""
)  # a path or host:port; empty: uploads are not scanned
_testing = "pytest" in sys.modules
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or _testing
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# -- Mail ---------------------------------------------------------------------------------------

globals().update(
    env.email_url_config(f"filemail:///{VAR_DIR / 'mail'}")
    if not os.environ.get("EMAIL_URL") and EMBEDDED
    else read("email_url", "EMAIL_URL")
)
if globals().get("EMAIL_BACKEND") == "django.core.mail.backends.filebased.EmailBackend":
    EMAIL_FILE_PATH = str(writable(Path(globals().get("EMAIL_FILE_PATH") or VAR_DIR / "mail")))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = read(
    "str", "DEFAULT_FROM_EMAIL", *(["CCHC Tracker <cchc@localhost>"] if EMBEDDED else [])
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# -- Background jobs ----------------------------------------------------------------------------

CELERY_BROKER_URL = read("str", "CELERY_BROKER_URL", *(["filesystem://"] if EMBEDDED else []))
if CELERY_BROKER_URL.startswith("filesystem:"):
    _broker = writable(VAR_DIR / "broker")
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "data_folder_in": str(writable(_broker / "queue")),
        "data_folder_out": str(writable(_broker / "queue")),
        "processed_folder": str(writable(_broker / "processed")),
        "control_folder": str(writable(_broker / "control")),
        "polling_interval": 0.2,  # also the throughput: one message a tick
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1, "interval_max": 0.2}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_ENABLE_UTC = True
# A job's row in the database is what counts; the broker only wakes workers. So each sweep below
# picks up whatever a lost message or a killed worker left behind.
CELERY_BEAT_SCHEDULE = {
    # Mails that wait, failed for now, or were left by a killed worker.
    "send-mail": {"task": "accounts.jobs.send_waiting_mail", "schedule": 60.0},
    # Each agency's own hour (07:30 by default) is checked by the job; missed mornings are made up.
    "remind": {"task": "tasks.jobs.remind", "schedule": crontab(minute="*/5")},
    # Exports asked for but not started, or left by a killed worker.
    "make-exports": {"task": "scoring.jobs.make_waiting_exports", "schedule": 60.0},
    # The export that makes itself on the due date.
    "export-due": {"task": "scoring.jobs.export_due", "schedule": crontab(minute="*/10")},
    # The points that wait for each report, which order the lists; before the reminders of 07:30.
    "write-stakes": {"task": "scoring.jobs.write_stakes", "schedule": crontab(minute="5-59/15")},
    # Stored files that vanished or were altered: Sunday night, when nobody uploads.
    "check-evidence": {
        "task": "tasks.jobs.check_evidence",
        "schedule": crontab(minute=30, hour=2, day_of_week="sunday"),
    },
}

# -- Checks and logs ----------------------------------------------------------------------------

SILENCED_SYSTEM_CHECKS: list[str] = []
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": read("str", "LOG_LEVEL", "INFO")},
    "loggers": {"axes": {"level": "WARNING"}},
}
