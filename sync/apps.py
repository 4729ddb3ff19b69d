"""The engine as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class SyncConfig(AppConfig):
    """Hooks of `migrate`: the schema before it, leaves and defaults of declared entities after it."""

    name = "sync"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from sync import checks, schema  # noqa: F401 - checks register themselves

        schema.connect(self)
