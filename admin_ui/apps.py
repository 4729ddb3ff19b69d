"""The operators' pages as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class AdminUiConfig(AppConfig):
    """Registers the pages once all models are there, and keeps the two groups after `migrate`."""

    name = "admin_ui"
    verbose_name = "Operators' pages"

    def ready(self) -> None:
        from admin_ui import access, pages  # noqa: F401 - the pages register themselves

        access.connect()
