"""The settings of the tests: the product's, on a throw-away PostgreSQL unless DATABASE_URL names another."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

if "BRIDGE_DATA_DIR" not in os.environ:
    _folder = tempfile.mkdtemp(prefix="bridge-tests-")
    os.environ["BRIDGE_DATA_DIR"] = _folder
    atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ.setdefault("BRIDGE_SYSTEMS", "tests.shop")
os.environ.setdefault("INTERNAL_SERVICE_JWT_SECRET", "tests-only-secret-of-more-than-32-bytes")
os.environ.setdefault("ERP_PRIVATE", "true")  # far ends of tests are on this machine
os.environ.setdefault("NETSUITE_PRIVATE", "true")
os.environ.setdefault("APISMITH_PRIVATE", "true")
os.environ.setdefault("SCHEDULEHUB_PRIVATE", "true")
os.environ.setdefault("NOTIFICATIONS_PRIVATE", "true")
os.environ.setdefault("SHOP_WEBHOOK_SECRET", "tests-only-webhook-secret")
if not os.environ.get("DATABASE_URL"):
    from bridge.postgres import throwaway

    _server = ExitStack()
    os.environ["DATABASE_URL"] = _server.enter_context(throwaway(Path(os.environ["BRIDGE_DATA_DIR"]) / "pg"))
    atexit.register(_server.close)  # after the last test, before the folder goes

from bridge.settings import *  # noqa: F403
from bridge.settings import DATABASES

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT = Path(os.environ["BRIDGE_DATA_DIR"]) / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # else WhiteNoise warns; finders serve the files
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES["default"]["TEST"] = {"NAME": f"bridge_tests_{os.getpid()}"}
