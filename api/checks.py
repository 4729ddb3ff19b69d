"""Checks of the API's own settings, each with what to do."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

MINIMUM_SECRET = 32
"""Bytes; RFC 7518 asks HS256 keys to be at least as long as the hash."""


@register(Tags.security)
def secret_is_long_enough(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Refuse a token secret that could be guessed."""
    if len(settings.BRIDGE_JWT_SECRET.encode()) >= MINIMUM_SECRET:
        return []
    return [
        Error(
            f"BRIDGE_JWT_SECRET is shorter than {MINIMUM_SECRET} bytes.",
            hint="Make one with: openssl rand -hex 32",
            id="api.E001",
        )
    ]
