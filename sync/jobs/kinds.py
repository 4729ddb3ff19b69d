"""The kinds of jobs: what runs them, and in which queue they wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

from sync.errors import InvalidRequest

if TYPE_CHECKING:
    from sync.jobs.claim import Claim
    from sync.registry import Registered

SYSTEM = "system"  # short work of the engine itself
INTERACTIVE = "interactive"  # somebody waits for it
SYNC = "sync"  # everything that may take long
QUEUES = (SYSTEM, INTERACTIVE, SYNC)

Handler = Callable[["Claim"], Any]
HANDLERS: dict[str, str | Handler] = {
    "sync": "sync.pipeline.runner:run_sync",
    "dry_run": "sync.pipeline.dryrun.run:run_dry",
    "refresh": "sync.refresh:run_refresh",
    "wake": "sync.wake:run_wake",
    "tidy": "sync.history.retention:run_tidy",
    "replay": "sync.replay:run_replay",
    "rehearse": "sync.pipeline.remapping.rehearsal:run_rehearse",
    "remap": "sync.pipeline.remapping.remap:run_remap",
    "push": "sync.targets.run:run_push",
    "reconcile": "sync.targets.reconcile:run_reconcile",
    "deletes": "sync.pipeline.missing:run_deletes",
    "webhook": "sync.pipeline.told.run:run_webhook",
    "backfill": "sync.pipeline.windows:run_backfill",
    "resync": "sync.pipeline.emptying:run_resync",
}
"""Kind -> the function that does its work, or `module:function`, imported by the first job of the kind."""

_QUEUE_OF = {"wake": SYSTEM, "refresh": INTERACTIVE, "webhook": INTERACTIVE}
_LANES = {"sync": "entity", "backfill": "entity", "resync": "entity", "remap": "entity", "replay": "replay"}


def queue_of(kind: str) -> str:
    """The queue in which jobs of this kind wait."""
    return _QUEUE_OF.get(kind, SYNC)


def scopes_of(kind: str, entity: Registered | None) -> list[str]:
    """The limits that count a job of this kind: refreshes overtake, and wake-ups must not be missed.

    Replays have a lane of their own: who retries a row does not wait for a read that may take hours.
    """
    return [f"{_LANES[kind]}:{entity.path}"] if entity is not None and kind in _LANES else []


def handler_of(kind: str) -> Handler:
    """The function that does the work of this kind. Raises InvalidRequest for an unknown one."""
    check(kind)
    handler = HANDLERS[kind]
    if isinstance(handler, str):
        found: Handler = import_string(handler.replace(":", "."))
        return found
    return handler


def check(kind: str) -> None:
    """Raise InvalidRequest (unknown_kind) unless there is a handler for this kind."""
    if kind not in HANDLERS:
        known = ", ".join(sorted(HANDLERS))
        message = f"There is no kind of job called {kind!r}. Known are: {known}."
        raise InvalidRequest(message, code="unknown_kind")
