"""Checks of the project's settings, each with what to do."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

SHORTEST_KEY = 32
"""Characters; sessions and signed cookies hang on it."""


@register(Tags.security)
def secret_key_is_long_enough(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Refuse a key that could be guessed."""
    if len(settings.SECRET_KEY) >= SHORTEST_KEY:
        return []
    return [
        Error(
            f"BRIDGE_SECRET_KEY is shorter than {SHORTEST_KEY} characters.",
            hint="Make one with: openssl rand -hex 32",
            id="bridge.E001",
        )
    ]


@register
def page_sizes_agree(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """The default page must be one that may be asked for."""
    if 1 <= settings.DEFAULT_BATCH_SIZE <= settings.MAX_BATCH_SIZE:
        return []
    return [
        Error(
            f"DEFAULT_BATCH_SIZE is {settings.DEFAULT_BATCH_SIZE}, MAX_BATCH_SIZE {settings.MAX_BATCH_SIZE}.",
            hint="Set them so that 1 <= DEFAULT_BATCH_SIZE <= MAX_BATCH_SIZE.",
            id="bridge.E002",
        )
    ]


@register
def numbers_make_sense(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Counts and seconds that must not be below something."""
    least = {
        "BRIDGE_BATCH_ROWS": 1,
        "SYNC_WORKER_THREADS": 1,
        "MAX_RETRIES": 0,
        "RETRY_DELAY_SECONDS": 0,
        "BRIDGE_HTTP_TIMEOUT": 1,
    }
    return [
        Error(
            f"{name} is {getattr(settings, name)}.", hint=f"It must be at least {minimum}.", id="bridge.E003"
        )
        for name, minimum in least.items()
        if getattr(settings, name) < minimum
    ]
