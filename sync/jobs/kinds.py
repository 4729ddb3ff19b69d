"""The kinds of jobs: what runs them, in which queue they wait, and what they wait for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils.module_loading import import_string

from sync.errors import InvalidRequest

if TYPE_CHECKING:
    from sync.jobs.claim import Claim
    from sync.models import Job
    from sync.registry import Registered

SYSTEM = "system"  # short work of the engine itself
INTERACTIVE = "interactive"  # somebody waits for it
COMMAND = "command"  # writes to far ends, one by one
SHORT = "short"  # over in milliseconds, without a far end: done in groups
SYNC = "sync"  # everything that may take long
QUEUES = (SYSTEM, INTERACTIVE, COMMAND, SHORT, SYNC)

Handler = Callable[["Claim"], Any]
Lanes = Callable[["Registered | None", Mapping[str, Any]], Sequence[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """What the engine knows of a kind of job."""

    handler: str | Handler  # or `module:function`, imported by the first job of the kind
    queue: str = SYNC
    # Limits that count it: `entity` and `replay` of its entity, `system` of its system, `jobs` and `target`
    # count nothing, and let the pause of its entity, or of the system that it writes to, hold it all the same.
    scopes: tuple[str, ...] = ()
    lanes: str | Lanes | None = (
        None  # names, by entity and params, of what its jobs go through one after another
    )
    needs_far_end: bool = False
    cancelled: str | None = None  # `module:function`, told of the jobs that are cancelled, in the same commit

    @property
    def short(self) -> bool:
        """Whether its jobs are claimed and finished in groups."""
        return self.queue == SHORT


_FAR_END = ("entity", "system")
_TARGET = ("jobs", "target")
KINDS: dict[str, Kind] = {
    "sync": Kind(handler="sync.pipeline.runner:run_sync", scopes=_FAR_END, needs_far_end=True),
    "dry_run": Kind(handler="sync.pipeline.dryrun.run:run_dry", needs_far_end=True),
    "refresh": Kind(
        handler="sync.refresh:run_refresh",
        queue=INTERACTIVE,
        scopes=("jobs", "system"),
        lanes="sync.jobs.lane_names:of_refresh",
        needs_far_end=True,
    ),
    "wake": Kind(handler="sync.wake:run_wake", queue=SYSTEM),
    "tidy": Kind(handler="sync.history.retention:run_tidy"),
    "bulk": Kind(handler="sync.jobs.many:run_bulk", queue=INTERACTIVE),
    "replay": Kind(handler="sync.replay:run_replay", scopes=("replay",)),
    "rehearse": Kind(handler="sync.pipeline.remapping.rehearsal:run_rehearse"),
    "remap": Kind(handler="sync.pipeline.remapping.remap:run_remap", scopes=("entity",)),
    "push": Kind(handler="sync.targets.run:run_push", scopes=_TARGET, needs_far_end=True),
    "reconcile": Kind(handler="sync.targets.reconcile:run_reconcile", scopes=_TARGET, needs_far_end=True),
    "deletes": Kind(handler="sync.pipeline.missing:run_deletes"),
    "webhook": Kind(handler="sync.pipeline.told.run:run_webhook", queue=INTERACTIVE),
    "backfill": Kind(handler="sync.pipeline.windows:run_backfill", scopes=_FAR_END, needs_far_end=True),
    "resync": Kind(handler="sync.pipeline.emptying:run_resync", scopes=("entity",), needs_far_end=True),
    "command": Kind(
        handler="sync.commands.run:run_command",
        queue=COMMAND,
        needs_far_end=True,
        cancelled="sync.commands.cancelled:note_cancelled",
    ),
}


def kind_of(name: str) -> Kind:
    """The kind of that name. Raises InvalidRequest (unknown_kind)."""
    if name not in KINDS:
        known = ", ".join(sorted(KINDS))
        message = f"There is no kind of job called {name!r}. Known are: {known}."
        raise InvalidRequest(message, code="unknown_kind")
    return KINDS[name]


def queue_of(name: str) -> str:
    """The queue in which jobs of this kind wait; a kind of other code waits where most do."""
    return KINDS[name].queue if name in KINDS else SYNC


def scopes_of(name: str, entity: Registered | None, params: Mapping[str, Any]) -> list[str]:
    """The limits that count a job of this kind.

    Replays and syncs of an entity are told apart: who retries a row does not wait for a read that may take hours.
    """
    if entity is None:
        return []
    of_entity = {scope: f"{scope}:{entity.path}" for scope in ("entity", "replay", "jobs")}
    values = of_entity | {
        "system": f"system:{entity.system.name}",
        "target": f"target:{params.get('target')}",
    }
    return [values[scope] for scope in kind_of(name).scopes]


def lanes_of(name: str, entity: Registered | None, params: Mapping[str, Any]) -> list[str]:
    """The lanes that a job of this kind joins by itself."""
    lanes = kind_of(name).lanes
    if isinstance(lanes, str):
        lanes = _imported(lanes)
    return [] if lanes is None else list(lanes(entity, params))


def handler_of(name: str) -> Handler:
    """The function that does the work of this kind. Raises InvalidRequest (unknown_kind)."""
    handler = kind_of(name).handler
    return _imported(handler) if isinstance(handler, str) else handler


def tell_cancelled(jobs: Iterable[Job]) -> None:
    """Tell what has to know of it that these jobs, whose rows are locked, are cancelled."""
    by_kind: dict[str, list[UUID]] = {}
    for job in jobs:
        by_kind.setdefault(job.kind, []).append(job.pk)
    for name, ids in by_kind.items():
        if name in KINDS and (told := KINDS[name].cancelled):
            _imported(told)(ids)


def _imported(path: str) -> Any:
    return import_string(path.replace(":", "."))
