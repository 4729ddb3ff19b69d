"""Reading an entity anew: while its records go on being served, or after it was emptied. With a preview of either."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from django.db import connection, transaction
from django.db.models import Count, Max

from sync import audit, schema
from sync.audit import Actor
from sync.declare import Deletes
from sync.errors import BridgeError, ConfigError, Conflict, InvalidRequest
from sync.jobs.enqueue import UNFINISHED, enqueue
from sync.jobs.priorities import COMMAND
from sync.models import Backfill, DeleteProposal, Delivery, FailedRecord, Job, PendingChild, Tracker
from sync.queries import query
from sync.registry import Registered, registry
from sync.start import start_sync

Mode = Literal["keep", "empty"]
MODES: tuple[Mode, ...] = ("keep", "empty")
KIND = "resync"


@dataclass(frozen=True, kw_only=True)
class Children:
    """Rows of another entity that name this one as their parent: they stay, new ones wait for it."""

    entity: str
    records: int


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a full resync would touch."""

    entity: str
    mode: Mode
    records: int  # live ones: all of them are read anew, `empty` marks them deleted before
    failed_records: int  # open ones: `empty` discards them; what fails again comes again
    mended_records: int  # `empty` forgets what people mended: the far end's own values count again
    pending_children: int  # waiting rows of the entity: `empty` drops them, they come again
    proposals: int  # deletes that wait for a decision: `empty` ends them
    children: tuple[Children, ...]
    targets: dict[str, int]  # records that each target has: those not read again in time are deleted there
    undo_hours: float | None  # how long that is, at the most impatient target
    jobs: int  # of the entity, under way or waiting
    backfills: int  # under way
    far_end: str | None  # why it cannot be asked now; None = it answers

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        """The same in words, a sentence each; what is not there is not told of."""
        empty = self.mode == "empty"
        told = [_records(self.records, empty), *self._rows_beside() * empty]
        told += [f"{one.records:,} records of {one.entity}, its children, stay." for one in self.children]
        told += [self._at_target(target, held) for target, held in self.targets.items() if empty]
        if self.jobs:
            told.append(f"{self.jobs:,} of its jobs are under way or wait, and go first.")
        if self.backfills:
            told.append(
                f"{self.backfills:,} of its backfills are under way: a full read does their work too."
            )
        if self.far_end:
            told.append(f"The far end does not answer now: {self.far_end}")
        return told

    def _rows_beside(self) -> list[str]:
        counted = {
            "open failed records are discarded; what fails again comes again.": self.failed_records,
            "records lose what people mended in them: the far end's values count again.": self.mended_records,
            "rows that wait for their parent are dropped, and come again.": self.pending_children,
            "deletes that wait for a decision are ended.": self.proposals,
        }
        return [f"{number:,} {words}" for words, number in counted.items() if number]

    def _at_target(self, target: str, held: int) -> str:
        return f"{held:,} are at {target}: those not read again within {self.undo_hours or 0:g} h are deleted there."


def preview(registered: Registered, mode: str) -> Preview:
    """Count what would be touched, and ask the far end whether it answers. Raises InvalidRequest (bad_mode)."""
    chosen = _mode(mode)
    number = schema.entity_id(registered.path)
    failed = FailedRecord.objects.filter(entity_id=number, state=FailedRecord.State.OPEN)
    waiting = DeleteProposal.objects.filter(entity_id=number, state=DeleteProposal.State.PROPOSED)
    active = (Backfill.State.RUNNING, Backfill.State.PAUSED)
    undo = [push.undo for push in registered.entity.targets]
    return Preview(
        entity=registered.path,
        mode=chosen,
        records=_live(registered),
        failed_records=failed.count(),
        mended_records=_mended(registered),
        pending_children=PendingChild.objects.filter(entity_id=number).count(),
        proposals=waiting.count(),
        children=_children(registered),
        targets=_held_by_targets(number),
        undo_hours=min(undo).total_seconds() / 3600 if undo else None,
        jobs=Job.objects.filter(entity_id=number, status__in=UNFINISHED).count(),
        backfills=Backfill.objects.filter(entity_id=number, state__in=active).count(),
        far_end=_trouble(registered),
    )


def start(
    registered: Registered, mode: str, *, by: Actor, confirm: str | None = None, reason: str | None = None
) -> Job:
    """The job that does it; `empty` needs the entity's path as `confirm`, and a far end that answers.

    Raises InvalidRequest (bad_mode, confirmation_missing), Conflict (far_end_away).
    """
    if _mode(mode) == "keep":
        with transaction.atomic():
            job = start_sync(registered, full=True, by=by, reason=reason).job
            _audit(registered, "keep", job, by=by, reason=reason)
        return job
    if confirm != registered.path:
        message = f"This takes all records of {registered.path} out of service until they are read again:"
        raise InvalidRequest(
            f"{message} confirm it with the entity's path, {registered.path!r}.", code="confirmation_missing"
        )
    found = preview(registered, mode)
    if found.far_end and _configured(registered):
        message = f"Nothing was emptied, because the far end could not be asked: {found.far_end}"
        raise Conflict(message, code="far_end_away")
    with transaction.atomic():
        wanted = enqueue(
            KIND,
            entity=registered,
            params={"by": by.name, "door": by.door, "reason": reason},
            priority=COMMAND,
            dedup=f"resync:{registered.path}",
            requested_by=by.name,
            request_id=by.request_id,
        )
        _audit(registered, "empty", wanted.job, by=by, reason=reason, found=found)
    return wanted.job


def keep_days(registered: Registered) -> int:
    """For so many days what was emptied can be brought back."""
    return (registered.entity.deletes or Deletes()).keep_days


def _audit(
    registered: Registered,
    mode: Mode,
    job: Job,
    *,
    by: Actor,
    reason: str | None,
    found: Preview | None = None,
) -> None:
    after = {"mode": mode, "job": str(job.pk)}
    before = None if found is None else found.told()
    audit.record("entity.resync", "entity", registered.path, by=by, reason=reason, before=before, after=after)


def _mode(mode: str) -> Mode:
    for known in MODES:
        if mode == known:
            return known
    raise InvalidRequest(f"mode is {mode[:50]!r}: write one of {', '.join(MODES)}.", code="bad_mode")


def _records(number: int, empty: bool) -> str:
    if empty:
        return f"{number:,} records are marked deleted, then read anew; those the far end has no more stay deleted."
    return f"{number:,} records are served while all is read anew; unchanged rows are recognised and not written."


def _children(registered: Registered) -> tuple[Children, ...]:
    found = {child.path: child for child, _parent in registry.children(registered)}
    return tuple(Children(entity=path, records=_live(child)) for path, child in found.items())


def _held_by_targets(number: int) -> dict[str, int]:
    held = Delivery.objects.filter(entity_id=number, remote_id__isnull=False).exclude(op="d")
    return dict(held.order_by().values_list("target").annotate(Count("pk")))


def _live(registered: Registered) -> int:
    number = schema.entity_id(registered.path)
    return Tracker.objects.filter(entity_id=number).aggregate(rows=Max("live_rows"))["rows"] or 0


def _mended(registered: Registered) -> int:
    names: dict[str, str | int] = {
        "leaf": schema.leaf(registered.path),
        "entity_id": schema.entity_id(registered.path),
    }
    with connection.cursor() as cursor:
        cursor.execute(query("count_mended", **names))
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _configured(registered: Registered) -> bool:
    """Whether this process can sign in; a shell may lack what the workers are given, and they ask again."""
    try:
        registered.system.client()
    except ConfigError:
        return False
    return True


def _trouble(registered: Registered) -> str | None:
    try:
        registered.system.client().check()
    except BridgeError as error:
        return error.message
    return None
