"""The login for the admin pages that the first start makes."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

NAME = "admin"


def admin_login(data_dir: Path) -> tuple[str, str | None] | None:
    """Make the superuser where there is none; return its name and, while it is still ours, its password.

    None where superusers exist that we did not make. The password lies in the data directory, for its owner.
    """
    from django.contrib.auth import get_user_model

    users = get_user_model().objects
    kept = data_dir / "secrets" / "admin_password"
    found = users.filter(username=NAME, is_superuser=True).first()
    if found is None:
        if users.filter(is_superuser=True).exists():
            return None
        password = _keep(kept)
        users.create_superuser(NAME, password=password)
        return NAME, password
    known = kept.read_text(encoding="ascii").strip() if kept.exists() else None
    return NAME, known if known and found.check_password(known) else None


def _keep(path: Path) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    password = secrets.token_urlsafe(12)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(password + "\n")
    return password
