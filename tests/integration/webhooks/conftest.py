"""A far end that is asked and tells by itself, and what the mirror then has."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync import records
from sync.models import Tracker
from sync.registry import registry
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import far_end, gadget, run, run_waiting, sync
from tests.webhooks import GADGETS, send

__all__ = ["far_end", "gadget", "run", "run_waiting", "sync"]


@pytest.fixture
def shop(far_end: FarEnd) -> FarEnd:
    far_end.set("gadgets", gadget(1))
    return far_end


def moment(seconds: float = 0) -> str:
    """So many seconds from now, as far ends write it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def gadget_of(number: int, minute: int, **values: Any) -> dict[str, Any]:
    """The version of a gadget of that minute."""
    return gadget(number, updated_at=f"2026-01-01T01:{minute:02}:00Z", **values)


def tell(row: dict[str, Any], event: str = "changed", *, at: str | None = None, **proof: Any) -> Any:
    """Send a gadget."""
    told = {"event": event, "at": at or moment(), "id": row["id"], "gadget": row}
    return send(GADGETS, told, **proof)


def tell_key(number: int, event: str = "changed", *, at: str | None = None, **proof: Any) -> Any:
    """Send a gadget's key only."""
    return send(GADGETS, {"event": event, "at": at or moment(), "id": number}, **proof)


def work() -> None:
    """Run the jobs that webhooks asked for."""
    run_waiting("webhook")
    run_waiting("refresh")


def stored(path: str, number: int) -> records.Found | None:
    return records.read(registry.find(path), {"id": str(number)})


def name_of(number: int, path: str = "shop.gadgets") -> str | None:
    """What the mirror calls it; None where it is not there, or deleted."""
    found = stored(path, number)
    return None if found is None or found.deleted_at else json.loads(found.data)["name"]


def tracker() -> Tracker:
    """The gadgets' tracker."""
    return records.tracker(registry.find("shop.gadgets"))
