"""The sandbox's APISmith and ScheduleHub, with jobs run in the test's own process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bridge.sandbox.server import Sandbox
from sync.models import Delivery, Job
from tests import sandboxed
from tests.integration.pipeline.conftest import run, run_again, run_waiting, sync

__all__ = ["Hub", "run", "run_again", "run_waiting", "sync"]


class Hub:
    """ScheduleHub, and what goes there."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def rows(self, collection: str) -> list[dict[str, str]]:
        """Its rows: column → JSON."""
        table = self.sandbox.systems["schedulehub"].far_end.store.table(collection)
        return [{name: raw.decode() for name, raw in row.columns.items()} for row in table.rows()]

    def mood(self, mood: str, **facts: Any) -> None:
        """Put it in a mood."""
        sandboxed.switch(self.sandbox, "schedulehub", mood, **facts)

    def asked(self, *methods: str) -> list[str]:
        """What it was asked: `POST /items/batch`."""
        entries = sandboxed.asked(self.sandbox, "schedulehub")
        return [f"{e['method']} {e['path']}" for e in entries if not methods or e["method"] in methods]

    def change(self, row: str, columns: str) -> None:
        """Change a row of the ERP (`items/1`)."""
        sandboxed.change(self.sandbox, f"apismith/{row}", columns)


@pytest.fixture
def hub(committed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    for name, value in sandboxed.CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with Sandbox() as sandbox:
        for name, value in sandboxed.environment(sandbox).items():
            monkeypatch.setenv(name, value)
        yield Hub(sandbox)


def push(entity: str = "apismith.items") -> dict[str, int]:
    """Run the pushes of an entity that wait; the last one's counts."""
    jobs = Job.objects.filter(kind="push", status=Job.Status.PENDING, entity__path=entity).order_by("id")
    results = [run_again(job).result for job in jobs]
    return dict(results[-1] or {}) if results else {}


def push_all() -> None:
    """Run all pushes that wait, and those they ask for, until none does."""
    while run_waiting("push"):
        continue


def delivery(entity: str, position: int = 0) -> Delivery:
    """A delivery of an entity, by key hash."""
    return Delivery.objects.filter(entity__path=entity).order_by("key_hash")[position]
