"""What a retry of failed records would do, found out by doing it in transactions that are rolled back."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import OperationalError, connection, transaction

from sync.errors import Conflict
from sync.jobs.claim import tried
from sync.members import Members, chunk
from sync.registry import registry

SAMPLE = 1_000
MOST = 100_000
SHOWN = 20
_PATIENCE = "5s"
"""A preview waits no longer for a row that a sync has locked: it is asked for again."""
_IN_THE_WAY = {"55P03", "40P01"}  # a lock was not to be had in time; a deadlock with a sync


@dataclass(kw_only=True)
class Preview:
    """How many records were tried of how many, and what became of them."""

    of: int = 0
    tried: int = 0
    lands: int = 0
    waits: int = 0  # for their parent
    outdated: int = 0  # the mirror has something newer, or the same
    fails: Counter[str] = field(default_factory=Counter)  # by code
    examples: list[dict[str, Any]] = field(default_factory=list)  # of those that fail again

    def told(self) -> dict[str, Any]:
        """As JSON."""
        counted = {name: getattr(self, name) for name in ("of", "tried", "lands", "waits", "outdated")}
        return {**counted, "fails": dict(self.fails), "examples": self.examples}


def preview(members: Members, *, most: int = SAMPLE) -> Preview:
    """Run at most so many of them through the stages and write nothing; the oldest first. Raises Conflict."""
    found = Preview(of=members.rows().count())
    for path in members.entities():
        for ids in _chunks(members, path, most - found.tried):
            try:
                with transaction.atomic():
                    _try(found, path, ids)
                    transaction.set_rollback(True)
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", None) not in _IN_THE_WAY:
                    raise
                message = f"A job is writing records of {path} just now: ask again in some seconds."
                raise Conflict(message) from error
    return found


def _chunks(members: Members, path: str, most: int) -> Iterator[list[uuid.UUID]]:
    after = None
    while most > 0 and (ids := chunk(members.rows(entity=path), after, most)):
        yield ids
        after = ids[-1]
        most -= len(ids)


def _try(found: Preview, path: str, ids: list[uuid.UUID]) -> None:
    from sync.pipeline.replayed import WAITS, outcomes
    from sync.pipeline.returning import prepare, read, through
    from sync.pipeline.run import bare_run

    registered = registry.find(path)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [_PATIENCE])
    run = bare_run(tried("replay", registered), registered)
    for ready in prepare(run, read(ids)):
        group = ready.group
        batch, refused = through(run, ready, 1, None)
        found.tried += len(group)
        for state, remark in outcomes(batch, group, refused).values():
            found.waits += remark == WAITS
            found.lands += remark != WAITS and state == "fixed"
            found.outdated += state == "superseded"
        for row, aside in refused.items():
            first = aside.faults[0]
            found.fails[first.code] += 1
            if len(found.examples) < SHOWN:
                told = {"code": first.code, "field": first.field, "message": first.message}
                found.examples.append({"id": group[row].id, **told})
