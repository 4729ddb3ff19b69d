"""The API as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Registers the checks and what drf-spectacular must know."""

    name = "api"

    def ready(self) -> None:
        from api import checks, schema  # noqa: F401 - both register themselves
