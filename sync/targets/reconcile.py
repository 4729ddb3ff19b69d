"""Comparing what a target holds with what it should hold: range by range, and row by row only where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection, transaction

from sync import schema
from sync.declare import Push
from sync.jobs.claim import Interrupted
from sync.queries import query
from sync.registry import Registered
from sync.targets import Held, Target
from sync.targets.asking import push_again, push_of, target_of
from sync.targets.ledger import Ledger

if TYPE_CHECKING:
    from sync.jobs.claim import Claim

MOST_SHOWN = 20
KINDS = ("missing", "changed", "extra", "strangers")
Different = list[tuple[UUID, str | None]]
"""Keys of rows to be pushed again, with the ids under which the target holds them."""


@dataclass(kw_only=True)
class Difference:
    """What differs, by key hash. `strangers` bear a key of ours that the mirror never had: they are left alone."""

    ranges: int = 0
    ranges_differing: int = 0
    rows: int = 0  # the target's
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    first: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, keys: Sequence[UUID]) -> None:
        """Count rows that differ in a way, and name the first."""
        self.counts[kind] += len(keys)
        if keys:
            shown = self.first.setdefault(kind, [])
            shown += [key.hex for key in keys[: MOST_SHOWN - len(shown)]]

    def as_json(self) -> dict[str, Any]:
        """For an answer."""
        ranges = {"ranges": self.ranges, "ranges_differing": self.ranges_differing, "rows": self.rows}
        return {**ranges, **self.counts, "first": self.first}


def run_reconcile(claim: Claim) -> None:
    """Compare, and unless it is a dry run make what differs due, range by range, and ask for its push."""
    assert claim.entity is not None, "a reconcile is always of an entity"
    push = push_of(claim.entity, claim.params["target"])
    ledger = Ledger(registered=claim.entity, push=push)
    found = Difference()
    for since, held, ours in _differing(claim, target_of(push.target), push, ledger, found):
        different = _compare(claim.entity, held, ours, found)
        if different and not claim.params.get("dry_run"):
            _repair(claim, ledger, different, since)
        claim.progress(ranges_differing=found.ranges_differing, **found.counts)
    with transaction.atomic():
        claim.hold()
        claim.finish(found.as_json())


def _differing(
    claim: Claim, target: Target, push: Push, ledger: Ledger, found: Difference
) -> Iterator[tuple[datetime, list[Held], dict[UUID, bytes]]]:
    """The rows of ranges that differ, theirs and ours, each with a moment before both were looked at."""
    ours = {prefix: (rows, digest) for prefix, rows, digest in ledger.rows("our_ranges")}
    theirs = {part.prefix: (part.rows, part.digest) for part in target.ranges(push)}
    found.ranges, found.rows = len(ours.keys() | theirs.keys()), sum(rows for rows, _ in theirs.values())
    for prefix in sorted(ours.keys() | theirs.keys()):
        if ours.get(prefix) == theirs.get(prefix):
            continue
        if claim.stopping.is_set():
            raise Interrupted
        found.ranges_differing += 1
        first, last = UUID(prefix.ljust(32, "0")), UUID(prefix.ljust(32, "f"))
        since = ledger.rows("moment")[0][0]
        known = {row[0]: bytes(row[2]) for row in ledger.rows("our_range", first=first, last=last)}
        yield since, (target.held(push, prefix) if prefix in theirs else []), known


def _compare(
    registered: Registered, held: list[Held], ours: dict[UUID, bytes], found: Difference
) -> Different:
    there = {row.key_hash: row for row in held}
    missing = sorted(ours.keys() - there.keys())
    changed = [key for key, row in there.items() if key in ours and ours[key] != row.data_hash]
    unasked = [key for key in there if key not in ours]
    known = _known(registered, unasked)
    extra = [key for key in unasked if key in known]
    strangers = [key for key in unasked if key not in known]
    for kind, keys in zip(KINDS, (missing, changed, extra, strangers), strict=True):
        found.add(kind, keys)
    return [(key, there[key].remote_id if key in there else None) for key in (*missing, *changed, *extra)]


def _known(registered: Registered, keys: list[UUID]) -> set[UUID]:
    if not keys:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(query("known_records", **schema.names(registered.path)), {"keys": keys})
        return {row[0] for row in cursor.fetchall()}


def _repair(claim: Claim, ledger: Ledger, different: Different, since: datetime) -> None:
    with transaction.atomic():
        claim.hold()
        ledger.write("make_cursor")
        ledger.write(
            "mark_different",
            keys=[key for key, _ in different],
            remote_ids=[number for _, number in different],
            since=since,
        )
        push_again(ledger.registered, ledger.push, by=f"job:{claim.job_id}")
