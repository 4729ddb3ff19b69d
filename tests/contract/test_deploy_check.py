"""A project set up for production has nothing that Django's or OpenAPI's checks warn of."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_production_setup_has_no_warning(tmp_path: Path) -> None:
    """`drf_spectacular` is among the checks: two lists of choices that fight for one name are told."""
    named = {name: secrets.token_urlsafe(64) for name in ("BRIDGE_SECRET_KEY", "BRIDGE_JWT_SECRET")}
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("BRIDGE_", "DJANGO_", "DATABASE_"))
    }

    ended = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={**plain, **named, "BRIDGE_TLS": "1", "BRIDGE_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
