"""Keeps what a rehearsal finds, row by row, while it runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from sync.mapping.rehearsed import Kind, packed
from sync.queries import query

if TYPE_CHECKING:
    from sync.jobs.claim import Claim

ROWS = 1_000  # of a page
PAGES_A_COMMIT = 20
NEWEST = 2  # rehearsals of a mapping whose rows are kept: who pages through the last one is not cut off


class Keeper:
    """Never more than a page of a kind and some packed ones are in memory. An attempt begins anew."""

    def __init__(self, claim: Claim, mapping_id: int) -> None:
        self._claim, self._mapping_id = claim, mapping_id
        self._rows: dict[Kind, list[bytes]] = {"diffs": [], "faults": []}
        self._first: dict[Kind, int] = {"diffs": 0, "faults": 0}
        self._pages: list[dict[str, Any]] = []
        with transaction.atomic(), connection.cursor() as cursor:
            claim.hold()
            cursor.execute(query("forget_rehearsed"), {"job_id": claim.job_id})

    def keep(self, kind: Kind, row: Mapping[str, Any]) -> None:
        """Add a row; some full pages are committed together. Raises StaleAttempt."""
        rows = self._rows[kind]
        rows.append(json.dumps(row).encode())
        if len(rows) == ROWS:
            self._pack(kind)
        if len(self._pages) >= PAGES_A_COMMIT:
            with transaction.atomic():
                self._claim.hold()
                self._write()

    def close(self) -> None:
        """Write the last pages and drop those of old rehearsals, in the transaction that ends the job."""
        for kind in self._rows:
            self._pack(kind)
        self._write()
        with connection.cursor() as cursor:
            cursor.execute(query("drop_rehearsed"), {"mapping": self._mapping_id, "newest": NEWEST})

    def _pack(self, kind: Kind) -> None:
        rows, first = self._rows[kind], self._first[kind]
        if rows:
            place = {"job_id": self._claim.job_id, "kind": kind, "mapping": self._mapping_id, "first": first}
            self._pages.append({**place, "rows": len(rows), "body": packed(rows)})
            self._rows[kind], self._first[kind] = [], first + len(rows)

    def _write(self) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(query("keep_rehearsed"), self._pages)
        self._pages = []
