"""Django settings. Every value that a deployment changes is read by `bridge.env`; `.env.example` lists them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from admin_ui.unfold import UNFOLD  # noqa: F401 - Unfold reads it from here
from bridge import database, env, postgres

BASE_DIR = Path(__file__).resolve().parent.parent
if os.getcwd() not in sys.path:
    sys.path.append(os.getcwd())  # last: a module named in BRIDGE_SYSTEMS may lie in the working directory

DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = env.secret("BRIDGE_SECRET_KEY", default="") or env.kept_secret("secret_key")
ALLOWED_HOSTS = env.listing("BRIDGE_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
BRIDGE_VERSION = "0.1.0"

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "procrastinate.contrib.django",
    "bridge.apps.BridgeConfig",
    "sync.apps.SyncConfig",
    "api.apps.ApiConfig",
    "admin_ui.apps.AdminUiConfig",
]
MIDDLEWARE = [
    "api.middleware.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "bridge.urls"
WSGI_APPLICATION = "bridge.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "admin_ui" / "templates" / "instead"],  # of Unfold's own
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

DATABASE_URL = env.secret("DATABASE_URL", default="") or postgres.url_of(env.data_dir())
DATABASE_DIRECT_URL = env.secret("DATABASE_DIRECT_URL", default="")  # past a pooler
DATABASES = {"default": database.django_database(DATABASE_DIRECT_URL or DATABASE_URL)}
BRIDGE_POOLED_DATABASE = database.django_database(DATABASE_URL, pooled=True) if DATABASE_DIRECT_URL else None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.secret("REDIS_URL", default="")
CACHES: dict[str, dict[str, Any]] = {
    "default": (
        {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"IGNORE_EXCEPTIONS": True, "SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 1},
        }
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}

LOGGING_CONFIG = None  # bridge.logging.configure, called by each entry point
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = True

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = env.flag("BRIDGE_TLS", default=False)
SECURE_HSTS_SECONDS = 31_536_000 if SESSION_COOKIE_SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SESSION_COOKIE_SECURE
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("BRIDGE_BEHIND_PROXY", default=False) else None
)
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = env.integer("BRIDGE_MAX_BODY_BYTES", default=1_048_576)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["api.auth.ServiceToken"],
    "DEFAULT_PERMISSION_CLASSES": ["api.auth.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["api.exact_json.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "api.errors.handle",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Bridge",
    "DESCRIPTION": "Records of slow systems, served with an honest age; jobs and failures, seen and mended.",
    "VERSION": BRIDGE_VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "BackfillState": "sync.models.Backfill.State",
        "CommandState": "sync.models.command.State",
        "FailedRecordState": "sync.models.FailedRecord.State",
        "TrackerState": "sync.models.Tracker.State",
        "JobStatus": "sync.models.Job.Status",
        "MappingState": "sync.models.Mapping.State",
        "ReceivedStatus": ("accepted", "repeated"),
    },
    "DEFAULT_GENERATOR_CLASS": "api.schema.BridgeSchemaGenerator",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "queue_tasks"  # none: the one task is named here
PROCRASTINATE_IMPORT_PATHS = ["sync.jobs.tasks"]

BRIDGE_JWT_SECRET = env.secret("BRIDGE_JWT_SECRET", default="") or env.kept_secret("jwt_secret")
BRIDGE_JWT_ISSUER = env.text("BRIDGE_JWT_ISSUER", default="bridge")
BRIDGE_JWT_AUDIENCE = env.text("BRIDGE_JWT_AUDIENCE", default="bridge")
BRIDGE_SECRET_OF = env.secret  # how the engine reads secrets that declarations name
BRIDGE_PRIVATE_OF = env.private  # how the engine reads which systems may be in our own network
BRIDGE_SYSTEMS = env.listing("BRIDGE_SYSTEMS", default=[])
BRIDGE_BUILTIN_SYSTEMS = env.listing(
    "BRIDGE_BUILTIN_SYSTEMS", default=["netsuite", "apismith", "schedulehub", "notifications"]
)
DEFAULT_BATCH_SIZE = env.integer("DEFAULT_BATCH_SIZE", default=1_000)
MAX_BATCH_SIZE = env.integer("MAX_BATCH_SIZE", default=10_000)
BRIDGE_BATCH_ROWS = env.integer("BRIDGE_BATCH_ROWS", default=40_000)
BRIDGE_WEB_THREADS = env.integer("BRIDGE_WEB_THREADS", default=8)
SYNC_WORKER_THREADS = env.integer("SYNC_WORKER_THREADS", default=4)
BRIDGE_WORKER_QUEUES = env.listing("BRIDGE_WORKER_QUEUES", default=[])
BRIDGE_WORKER_KINDS = env.listing("BRIDGE_WORKER_KINDS", default=[])
BRIDGE_DRAIN_SECONDS = env.drain_seconds()
MAX_RETRIES = env.integer("MAX_RETRIES", default=3)
RETRY_DELAY_SECONDS = env.integer("RETRY_DELAY_SECONDS", default=60)
BRIDGE_KEEP_RAW_DAYS = env.integer("BRIDGE_KEEP_RAW_DAYS", default=30, minimum=1)
BRIDGE_KEEP_CHANGES_DAYS = env.integer("BRIDGE_KEEP_CHANGES_DAYS", default=30, minimum=1)
BRIDGE_KEEP_FAILED_DAYS = env.integer("BRIDGE_KEEP_FAILED_DAYS", default=90, minimum=1)
BRIDGE_KEEP_EXCHANGES = env.integer("BRIDGE_KEEP_EXCHANGES", default=3, minimum=0, maximum=20)
BRIDGE_KEEP_EXCHANGES_DAYS = env.integer("BRIDGE_KEEP_EXCHANGES_DAYS", default=14, minimum=1)
BRIDGE_KEEP_JOBS_DAYS = env.integer("BRIDGE_KEEP_JOBS_DAYS", default=90, minimum=1)
BRIDGE_KEEP_AUDIT_DAYS = env.integer("BRIDGE_KEEP_AUDIT_DAYS", default=0, minimum=0)
BRIDGE_PUBLIC_URL = env.text("BRIDGE_PUBLIC_URL", default="").rstrip("/")
BRIDGE_HTTP_TIMEOUT = env.integer("BRIDGE_HTTP_TIMEOUT", default=30)
BRIDGE_CA_BUNDLE = env.certificates("BRIDGE_CA_BUNDLE")
