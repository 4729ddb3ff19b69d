"""Tests of a system: its declaration, entities and commands against recorded answers of its far end.

`read`, `read_one`, `read_rows`, `send` and `find` need no database; `run_sync`, `records`, `record`, `failures`,
`run_jobs`, `tell` and `ask` work in the real one of the fixture `bridge_database`. The far end is a real HTTP server,
`FarEnd`; only what is outside is ever played. The fixtures are in `bridge.testing`.
"""

from __future__ import annotations

from django.apps import apps

if not apps.ready:
    # Systems are loaded by Django's start, and so are the models that this needs.
    raise RuntimeError(
        "sync.testing needs Bridge's pytest plugin: write `addopts = -p bridge.testing` in pytest.ini."
    )

from sync.testing.answers import BadAnswers
from sync.testing.asking import Asked, ask
from sync.testing.declarations import faults_of
from sync.testing.delivering import run_jobs
from sync.testing.far_end import FarEnd, NotRecorded
from sync.testing.intents import Outcome, find, send
from sync.testing.mirror import Synced, failures, record, records, run_sync
from sync.testing.reading import Read, read, read_one, read_rows
from sync.testing.rows import Failure
from sync.testing.telling import tell

__all__ = [
    "Asked",
    "BadAnswers",
    "Failure",
    "FarEnd",
    "NotRecorded",
    "Outcome",
    "Read",
    "Synced",
    "ask",
    "failures",
    "faults_of",
    "find",
    "read",
    "read_one",
    "read_rows",
    "record",
    "records",
    "run_jobs",
    "run_sync",
    "send",
    "tell",
]
