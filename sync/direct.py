"""Past the pooler: what needs a connection of its own, where DATABASE_URL leads to one that serves by transactions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from procrastinate.contrib.django import connector_params

_DIRECT = "direct"


def direct_parameters() -> dict[str, Any]:
    """psycopg's parameters for a connection that keeps its session: it listens, or sets something for itself."""
    return connector_params(_DIRECT if _DIRECT in connections.settings else DEFAULT_DB_ALIAS)


def serve_through(pooled: Mapping[str, Any] | None) -> None:
    """Let requests go through a pooler from now on; None: there is none. For a web process, before its first one."""
    if pooled is not None:
        connections.settings[_DIRECT] = dict(connections.settings[DEFAULT_DB_ALIAS])
        connections.settings[DEFAULT_DB_ALIAS].update(pooled)
