"""The project as a Django app: it tells the engine which systems there are."""

from __future__ import annotations

from django.apps import AppConfig


class BridgeConfig(AppConfig):
    """Fills the registry before any other app of ours becomes ready."""

    name = "bridge"

    def ready(self) -> None:
        """Raise ConfigError where a system cannot be loaded."""
        from django.conf import settings

        from bridge import checks  # noqa: F401 - checks register themselves
        from bridge.systems.loading import load
        from sync.registry import registry

        registry.fill(load(settings.BRIDGE_BUILTIN_SYSTEMS, settings.BRIDGE_SYSTEMS))
