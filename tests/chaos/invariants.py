"""What must hold after all of it, counted in the far end's versions and log, and in the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from tests.chaos.far_end import FarEnd, is_dirty, is_orphan, name_of


class Seen(Protocol):
    """A Bridge and its far end, to be looked at."""

    @property
    def far(self) -> FarEnd:
        """What it reads."""
        ...

    def rows(self, statement: str, *given: Any) -> list[tuple[Any, ...]]:
        """Ask its database."""
        ...


_RECORDS = """
    SELECT (data->>'id')::int, data->>'name', revision, deleted_at IS NULL FROM record
    JOIN entity ON entity.id = entity_id WHERE path = 'chaos.widgets'
"""
_FEED = """
    SELECT count(*), count(DISTINCT (key, revision)) FROM change
    JOIN entity ON entity.id = entity_id, unnest(keys, revisions) AS told(key, revision)
    WHERE path = 'chaos.widgets'
"""
_HISTORY = """
    SELECT count(*) FROM record_version JOIN entity ON entity.id = entity_id WHERE path = 'chaos.widgets'
"""
_FAILED = """
    SELECT (convert_from(raw, 'UTF8')::jsonb->>'id')::int FROM failed_record
    JOIN entity ON entity.id = entity_id WHERE path = 'chaos.widgets' AND state = 'open'
"""
_WAITING = """
    SELECT (data->>'id')::int FROM pending_child
    JOIN entity ON entity.id = entity_id WHERE path = 'chaos.widgets'
"""
_TRACKER = """
    SELECT live_rows, deletes_held FROM tracker JOIN entity ON entity.id = entity_id
    WHERE path = 'chaos.widgets'
"""
_PROPOSED = """
    SELECT (r.data->>'id')::int FROM delete_key JOIN delete_proposal p ON p.id = proposal_id
    JOIN record r USING (key_hash, entity_id) WHERE p.state = 'proposed'
"""
_FETCHED = """
    SELECT coalesce(sum((counts->>'rows_fetched')::int), 0), count(*), count(DISTINCT seq)
    FROM batch WHERE job_id = %s
"""
_IDLE = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
    AND state LIKE 'idle in transaction%%' AND state_change < now() - interval '5 seconds'
"""


def broken(world: Seen, *, lied: bool) -> Iterator[str]:
    """What does not hold; of a read that was lied to only what may not happen even so."""
    far = world.far
    records = {key: (name, revision, live) for key, name, revision, live in world.rows(_RECORDS)}
    live = {key for key, record in records.items() if record[2]}
    yield from _false_deletes(far, live, records)
    yield from _twice(world, far, records)
    yield from _visible(world, far)
    if not lied:
        yield from _lost(far, records, live)
        yield from _left(world, far, live)
    counted = world.rows(_TRACKER)[0][0]
    if counted != len(live):
        yield f"the tracker counts {counted} records, there are {len(live)}"
    if idle := world.rows(_IDLE)[0][0]:
        yield f"{idle} transactions are left open"


def _false_deletes(far: FarEnd, live: set[int], records: dict[int, tuple[str, int, bool]]) -> Iterator[str]:
    if wrong := sorted(key for key in far.good if key in records and key not in live):
        yield f"deleted although the far end has them: {wrong[:5]} ({len(wrong)})"


def _twice(world: Seen, far: FarEnd, records: dict[int, tuple[str, int, bool]]) -> Iterator[str]:
    ever = far.good | far.gone
    many = {
        key: revision
        for key, (_, revision, live) in records.items()
        if revision > ever.get(key, 0) + (not live)
    }
    if many:
        yield f"more revisions than versions: {list(many.items())[:5]} ({len(many)})"
    told, different = world.rows(_FEED)[0]
    revisions = sum(revision for _, revision, _ in records.values())
    if not told == different == revisions:
        yield f"{revisions} revisions, but the feed tells {told}, {different} different ones"
    kept, older = world.rows(_HISTORY)[0][0], revisions - len(records)
    if kept != older:
        yield f"{older} older revisions, but the history holds {kept}"


def _visible(world: Seen, far: FarEnd) -> Iterator[str]:
    for words, statement, meant in (("failed", _FAILED, is_dirty), ("waiting", _WAITING, is_orphan)):
        shown = sorted(key for (key,) in world.rows(statement))
        wanted = sorted(key for key in far.versions if meant(key))
        if wrong := set(shown) - set(wanted) or len(shown) != len(set(shown)):
            yield f"shown as {words}, but are not: {wrong}"
        older = [key for key in wanted if key not in shown and far.versions[key] > 1]
        if older:
            yield f"{words}, but not shown: {older[:5]} ({len(older)})"


def _lost(far: FarEnd, records: dict[int, tuple[str, int, bool]], live: set[int]) -> Iterator[str]:
    stale = [key for key, version in far.good.items() if records.get(key, ("",))[0] != name_of(key, version)]
    if stale:
        yield f"lost: {sorted(stale)[:5]} ({len(stale)})"
    fewer = [key for key, version in far.good.items() if key in live and records[key][1] != version]
    if fewer:
        yield f"fewer revisions than versions: {sorted(fewer)[:5]} ({len(fewer)})"


def _left(world: Seen, far: FarEnd, live: set[int]) -> Iterator[str]:
    """What is gone at the far end is deleted, proposed to a person, or the tracker says why it is not."""
    proposed = {key for (key,) in world.rows(_PROPOSED)}
    if wrong := proposed & far.good.keys():
        yield f"proposed to be deleted although the far end has them: {sorted(wrong)[:5]} ({len(wrong)})"
    held = world.rows(_TRACKER)[0][1] is not None
    if (left := (live & far.gone.keys()) - proposed) and not held:
        yield f"gone at the far end, here without a word: {sorted(left)[:5]} ({len(left)})"


def broken_job(world: Seen, job: str, *, calm: bool) -> Iterator[str]:
    """What does not hold of one job: it ended well by itself, and took each row of the far end once."""
    status, result, code = world.rows("SELECT status, result, error_code FROM job WHERE id = %s", job)[0]
    if status != "success":
        yield f"the job is {status} ({code})"
        return
    fetched, batches, different = world.rows(_FETCHED, job)[0]
    if fetched != len(world.far.versions) or batches != different:
        yield f"{len(world.far.versions)} rows there, {fetched} read in {batches} batches of {different} places"
    if calm and (written := (result.get("inserted", 0), result.get("updated", 0))) != (0, 0):
        yield f"a calm read after it still wrote (inserted, updated) {written}"
