"""What a rehearsal found, read row by row from any row on. The rows of a finished one never change."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import zstandard
from django.db import connection
from django.db.models import QuerySet

from sync.errors import Conflict, InvalidRequest, NotFound
from sync.models import Job, Mapping
from sync.queries import query

Kind = Literal["diffs", "faults"]
"""Rows that would differ, or rows that would be refused."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Some rows of a rehearsal: those from number `start` on, of so many in all."""

    job_id: UUID
    start: int
    rows: list[dict[str, Any]]
    of: int

    @property
    def after(self) -> int | None:
        """The number of the row that follows; None after the last one."""
        end = self.start + len(self.rows)
        return end if self.rows and end < self.of else None

    @property
    def next(self) -> str | None:
        """The cursor of what follows: it names the rehearsal, so that pages fit together whatever runs meanwhile."""
        return None if self.after is None else f"{self.job_id.hex}-{self.after}"


def found(mapping: Mapping, kind: Kind, *, start: int = 0, most: int, job_id: UUID | None = None) -> Found:
    """Rows that the mapping's last finished rehearsal found, or that of `job_id`.

    Raises NotFound (also rehearsal_expired: kept no longer), Conflict while the only one is under way.
    """
    job = _finished(mapping, job_id)
    named = {"job_id": job.pk, "kind": kind, "start": start, "end": start + most}
    with connection.cursor() as cursor:
        cursor.execute(query("rehearsed_rows"), named)
        of: int = cursor.fetchone()[0]
        if not of and (job.result or {}).get(kind):
            told = f"What job {job.pk} found is kept no longer: rehearse the mapping again."
            raise NotFound(told, code="rehearsal_expired")
        cursor.execute(query("rehearsed_pages"), named)
        pages = cursor.fetchall()
    rows = [row for first, body in pages for row in _unpacked(body)[max(start - first, 0) :]]
    return Found(job_id=job.pk, start=start, rows=rows[:most], of=of)


def place(cursor: str | None) -> tuple[UUID | None, int]:
    """The rehearsal and the row that a cursor names. Raises InvalidRequest (bad_cursor)."""
    if cursor is None:
        return None, 0
    job, _, number = cursor.rpartition("-")
    if re.fullmatch("[0-9a-f]{32}", job) and re.fullmatch("[0-9]{1,9}", number):
        return UUID(job), int(number)
    told = "`after` is not a cursor of this list: pass `next` of the page before."
    raise InvalidRequest(told, code="bad_cursor")


def rehearsals(mapping: Mapping) -> QuerySet[Job]:
    """The jobs that rehearse a mapping, or did."""
    return Job.objects.filter(kind="rehearse", entity_id=mapping.entity_id, params__mapping=mapping.pk)


def packed(rows: Sequence[bytes]) -> bytes:
    """Rows of JSON as one compressed array."""
    return zstandard.compress(b"[" + b",".join(rows) + b"]", 1)


def _unpacked(body: bytes) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(zstandard.decompress(bytes(body)))
    return rows


def _finished(mapping: Mapping, job_id: UUID | None) -> Job:
    jobs = rehearsals(mapping)
    if job_id is not None:
        jobs = jobs.filter(pk=job_id)
    if job := jobs.filter(status=Job.Status.SUCCESS).order_by("-id").first():
        return job
    if under_way := jobs.order_by("-id").first():
        told = f"Its rehearsal, job {under_way.pk}, is {under_way.status}: nothing is found yet."
        raise Conflict(told)
    raise NotFound(f"Mapping {mapping.no} of {mapping.entity.path} has no such rehearsal: ask for one.")
