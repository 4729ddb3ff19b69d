"""Comparing what a target holds with what it should hold: range by range, and row by row only where they differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
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


@dataclass(kw_only=True)
class Difference:
    """What differs, by key hash. `strangers` bear a key of ours that the mirror never had: they are left alone."""

    ranges: int = 0
    ranges_differing: int = 0
    rows: int = 0  # the target's
    missing: list[UUID] = field(default_factory=list)
    changed: list[tuple[UUID, str]] = field(default_factory=list)
    extra: list[tuple[UUID, str]] = field(default_factory=list)
    strangers: list[UUID] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For an answer."""
        kinds = {
            "missing": self.missing,
            "changed": [key for key, _ in self.changed],
            "extra": [key for key, _ in self.extra],
            "strangers": self.strangers,
        }
        counts = {name: len(keys) for name, keys in kinds.items()}
        first = {name: [key.hex for key in keys[:MOST_SHOWN]] for name, keys in kinds.items() if keys}
        ranges = {"ranges": self.ranges, "ranges_differing": self.ranges_differing, "rows": self.rows}
        return {**ranges, **counts, "first": first}


def run_reconcile(claim: Claim) -> None:
    """Compare, and unless it is a dry run make what differs due and ask for its push."""
    assert claim.entity is not None, "a reconcile is always of an entity"
    push = push_of(claim.entity, claim.params["target"])
    ledger = Ledger(registered=claim.entity, push=push)
    found = Difference()
    for held, ours in _differing(claim, target_of(push.target), push, ledger, found):
        _compare(claim.entity, held, ours, found)
    with transaction.atomic():
        claim.hold()
        if not claim.params.get("dry_run"):
            _repair(claim, ledger, found)
        claim.finish(found.as_json())


def _differing(
    claim: Claim, target: Target, push: Push, ledger: Ledger, found: Difference
) -> Iterator[tuple[list[Held], dict[UUID, bytes]]]:
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
        known = {row[0]: bytes(row[2]) for row in ledger.rows("our_range", first=first, last=last)}
        yield (target.held(push, prefix) if prefix in theirs else []), known


def _compare(registered: Registered, held: list[Held], ours: dict[UUID, bytes], found: Difference) -> None:
    there = {row.key_hash: row for row in held}
    found.missing += sorted(ours.keys() - there.keys())
    for key, row in there.items():
        if key in ours and ours[key] != row.data_hash:
            found.changed.append((key, row.remote_id))
    unasked = [row for key, row in there.items() if key not in ours]
    known = _known(registered, [row.key_hash for row in unasked])
    found.extra += [(row.key_hash, row.remote_id) for row in unasked if row.key_hash in known]
    found.strangers += [row.key_hash for row in unasked if row.key_hash not in known]


def _known(registered: Registered, keys: list[UUID]) -> set[UUID]:
    if not keys:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(query("known_records", leaf=schema.leaf(registered.path)), {"keys": keys})
        return {row[0] for row in cursor.fetchall()}


def _repair(claim: Claim, ledger: Ledger, found: Difference) -> None:
    different: list[tuple[UUID, str | None]] = [(key, None) for key in found.missing]
    different += found.changed + found.extra
    if not different:
        return
    ledger.write("make_cursor")
    ledger.write(
        "mark_different",
        keys=[key for key, _ in different],
        remote_ids=[number for _, number in different],
    )
    push_again(ledger.registered, ledger.push, by=f"job:{claim.job_id}")
