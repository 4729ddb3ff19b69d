"""What is written of a push: rows about to leave, the target's answers, counts, and the place in the feed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from sync import schema
from sync.declare import Push
from sync.queries import query
from sync.registry import Registered, registry
from sync.targets import Outcome
from sync.targets.arrays import Array, array
from sync.targets.plan import Plan, Step

SWEEP = timedelta(minutes=5)
"""How long a row waits for its parent before it is looked at without being woken."""
PAUSE = "60"
"""Seconds until the next try of a row, doubled with each one."""
MOST_TRIES = 5
"""Of a row that the target answers with its own trouble; then it is refused."""
COUNTS = ("inserted", "updated", "deleted", "conflicts", "failed")
FIRST_KEY = UUID(int=0)
_DONE = {"c": "inserted", "u": "updated", "d": "deleted"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Ledger:
    """The deliveries of one entity at one target."""

    registered: Registered
    push: Push

    @property
    def given(self) -> dict[str, Any]:
        """What every statement asks for."""
        return {"target": self.push.target, "entity_id": schema.entity_id(self.registered.path)}

    def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """The rows that a statement finds."""
        with connection.cursor() as cursor:
            cursor.execute(query(statement), self.given | values)
            return list(cursor.fetchall())

    def write(self, statement: str, **values: Any) -> int:
        """Run a statement that finds nothing; how many rows it wrote."""
        with connection.cursor() as cursor:
            cursor.execute(query(statement), self.given | values)
            return int(cursor.rowcount)

    def cursor(self, *, lock: bool = False) -> int:
        """The place in the feed; 0 before the first run."""
        found = self.rows("lock_cursor" if lock else "cursor_of")
        return int(found[0][0]) if found else 0

    def note(self, plan: Plan) -> None:
        """Before the first byte: what leaves, and what waits."""
        sweep = datetime.now(UTC) + SWEEP
        if plan.steps:
            self.write("note_deliveries", **_columns(plan.steps, sweep))
        if plan.unchanged:
            self.write("settle", keys=plan.unchanged)

    def answer(self, steps: Sequence[Step], outcomes: Sequence[Outcome]) -> dict[str, int]:
        """Write what the target said of these steps; the counts."""
        if not steps:
            return {}
        moved = self._moved(outcomes, steps)
        answered = self.rows(
            "note_answers",
            most_tries=MOST_TRIES,
            keys=array([step.key_hash.hex for step in steps]),
            states=array([outcome.state for outcome in outcomes]),
            ops=array([outcome.op for outcome in outcomes]),
            remote_ids=array([outcome.remote_id for outcome in outcomes]),
            codes=array([outcome.code for outcome in outcomes]),
            answers=array([_json(outcome.answer) for outcome in outcomes]),
            revisions=array([str(step.revision) for step in steps]),
            pauses=array(["0" if outcome.at_once else PAUSE for outcome in outcomes]),
        )
        self._mark_children(moved)
        return self._count(steps, outcomes, {key: facts for key, *facts in answered})

    def _moved(self, outcomes: Sequence[Outcome], steps: Sequence[Step]) -> list[UUID]:
        """Records that have another id at the target from now on than the one their children there name."""
        found = [
            (step.key_hash.hex, outcome.remote_id)
            for step, outcome in zip(steps, outcomes, strict=True)
            if outcome.state == "acked" and outcome.op != "d" and outcome.remote_id != step.remote_id
        ]
        if not found:
            return []
        keys, remote_ids = zip(*found, strict=True)
        return [row[0] for row in self.rows("moved", keys=array(keys), remote_ids=array(remote_ids))]

    def _mark_children(self, moved: list[UUID]) -> None:
        if not moved:
            return
        for child, parent in registry.children(self.registered):
            if not any(push.target == self.push.target and push.parents for push in child.entity.targets):
                continue
            same = " AND ".join(
                f"c.data->>'{ours}' = p.data->>'{theirs}'" for ours, theirs in parent.by.items()
            )
            names = {
                "child": schema.leaf(child.path),
                "same": same,
                **schema.names(self.registered.path),
            }
            given = {**self.given, "keys": moved, "child_id": schema.entity_id(child.path)}
            with connection.cursor() as cursor:
                cursor.execute(query("mark_children", **names), given)

    def revived(self, steps: Sequence[Step]) -> set[UUID]:
        """Those of the deletes whose records are back."""
        keys = [step.key_hash for step in steps if step.op == "d"]
        if not keys:
            return set()
        with connection.cursor() as cursor:
            cursor.execute(query("revived", **schema.names(self.registered.path)), {"keys": keys})
            return {row[0] for row in cursor.fetchall()}

    def _count(
        self, steps: Sequence[Step], outcomes: Sequence[Outcome], answered: Mapping[UUID, Sequence[Any]]
    ) -> dict[str, int]:
        total: Counter[str] = Counter()
        batches: dict[int, Counter[str]] = defaultdict(Counter)
        for step, outcome in zip(steps, outcomes, strict=True):
            state, acked, failed = answered.get(step.key_hash, (outcome.state, None, None))
            word = {"acked": _DONE[outcome.op], "refused": "failed"}.get(state, state)
            total.update([word, "conflicts"] if outcome.conflict else [word])
            counts = batches[step.batch_id]
            # A batch's row counts once: not again for each try, nor as failed once it has got there.
            was_failed = failed == step.revision
            if state == "acked":
                counts[word] += acked != step.revision
                counts["failed"] -= was_failed
            elif state == "refused":
                counts["failed"] += not was_failed
            counts["conflicts"] += outcome.conflict and not was_failed
        changed = {batch: counts for batch, counts in batches.items() if any(counts.values())}
        if changed:
            columns = {name: [counts[name] for counts in changed.values()] for name in COUNTS}
            self.write("count_deliveries", batches=list(changed), **columns)
        return dict(total)


def _columns(steps: Sequence[Step], sweep: datetime) -> Mapping[str, Array]:
    return {
        "keys": array([step.key_hash.hex for step in steps]),
        "ops": array([step.op for step in steps]),
        "hashes": array([step.digest.hex() or None for step in steps]),
        # A row that waits while nobody knows whether the target has it stays unknown: it is looked up in its turn.
        "states": array(
            [("unknown" if step.doubtful else "waiting") if step.wait else "sent" for step in steps]
        ),
        "tries": array([(step.until or sweep).isoformat() if step.wait else None for step in steps]),
        "codes": array([step.wait for step in steps]),
        "parent_entities": array([str(step.missing[0]) if step.missing else None for step in steps]),
        "parents": array([step.missing[1].hex if step.missing else None for step in steps]),
    }


def _json(answer: Mapping[str, Any]) -> str | None:
    return msgspec.json.encode(answer).decode().replace("\\u0000", "\ufffd") if answer else None
