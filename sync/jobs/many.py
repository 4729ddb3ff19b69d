"""One act on all jobs that a filter finds: previewed, capped, paced, gone on with where it stood, on record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import IntegrityError, transaction

from sync import audit
from sync.audit import Actor
from sync.errors import InvalidRequest
from sync.ids import uuid7
from sync.jobs import together
from sync.jobs.claim import Interrupted
from sync.jobs.enqueue import enqueue
from sync.jobs.priorities import COMMAND
from sync.jobs.selecting import Selection
from sync.models import Job

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from sync.jobs.claim import Claim

KIND = "bulk"
SCOPE = "bulk"
MOST = 100_000
"""Jobs that one act may be done to: more is meant by mistake, or is done in parts."""
A_COMMIT = 500
TRIES = 3
SAMPLE = 20
FASTEST, SLOWEST = 10_000.0, 0.1  # jobs a second


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What an act would find now."""

    act: str
    found: int
    fit: int  # for which it makes sense as they stand
    refused: Mapping[str, int]  # the others, by state
    sample: tuple[UUID, ...]  # the oldest for which it does

    def told(self) -> dict[str, Any]:
        """As JSON."""
        ids = [str(number) for number in self.sample]
        return {
            "act": self.act,
            "found": self.found,
            "fit": self.fit,
            "refused": dict(self.refused),
            "sample": ids,
        }


def preview(selection: Selection, act: str) -> Preview:
    """What the act would do; nothing is written. Raises InvalidRequest (unknown_act, filter_missing, too_many)."""
    sensible = together.ACTS[_check(selection, act)].sensible
    rows = _meant(selection)
    _check_number(rows[: MOST + 1].count())
    fit, refused = together.sorted_out(rows, sensible)
    sample = tuple(rows.filter(sensible).order_by("id").values_list("pk", flat=True)[:SAMPLE])
    return Preview(act=act, found=fit + refused.total(), fit=fit, refused=refused, sample=sample)


def start(
    selection: Selection,
    act: str,
    *,
    by: Actor,
    reason: str | None = None,
    per_second: float | None = None,
) -> Job:
    """The job that does it to those that are there now, 500 a commit, so many a second at most.

    Raises InvalidRequest (unknown_act, filter_missing, too_many, bad_parameter), also where nothing is found.
    """
    _check(selection, act)
    if per_second is not None and not SLOWEST <= per_second <= FASTEST:
        raise InvalidRequest(f"per_second is from {SLOWEST} to {FASTEST:,.0f}.", code="bad_parameter")
    found = _meant(selection)[: MOST + 1].count()
    _check_number(found)
    if not found:
        raise InvalidRequest("No job is like that: nothing was asked for.", code="nothing_found")
    params: dict[str, Any] = {"act": act, "where": selection.told(), "until": str(uuid7()), "by": by.name}
    given = {"reason": reason, "per_second": per_second}
    params |= {name: value for name, value in given.items() if value is not None}
    with transaction.atomic():
        job = enqueue(
            KIND,
            params=params,
            priority=COMMAND,
            scopes=(SCOPE,),
            requested_by=by.name,
            request_id=by.request_id,
        ).job
        after = {"where": selection.told(), "found": found, "job": str(job.pk)}
        audit.record(f"jobs.{act}", "jobs", str(job.pk), by=by, reason=reason, after=after)
    return job


def run_bulk(claim: Claim) -> None:
    """Do it to those that are left; the place where it stands is kept in the job's result, with each commit."""
    params = claim.params
    act = together.ACTS[params["act"]]
    told = together.Told(by=params["by"], reason=params.get("reason"))
    pace = params.get("per_second")
    size = A_COMMIT if pace is None else max(1, min(A_COMMIT, int(pace)))
    rows = _meant(Selection.kept(params["where"])).filter(id__lte=params["until"]).order_by("id")
    reached = Job.objects.filter(pk=claim.job_id).values_list("result", flat=True).get() or {}
    while ids := list(_after(rows, reached)[:size]):
        reached = _commit(claim, act, ids, told, reached)
        claim.advance()
        claim.progress(**{name.replace(" ", "_"): number for name, number in reached["counts"].items()})
        # A pace is kept by waiting, which a worker that stops cuts short.
        if claim.stopping.wait(0 if pace is None else len(ids) / pace):
            raise Interrupted
    with transaction.atomic():
        claim.hold()
        claim.finish({"counts": reached.get("counts", {})})


def _commit(
    claim: Claim, act: together.Together, ids: list[UUID], told: together.Told, reached: Mapping[str, Any]
) -> dict[str, Any]:
    """Do it to these, in one transaction; the place that is reached."""
    for left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                claim.hold()
                counts = Counter(reached.get("counts", {})) + act.do(ids, told)
                place = {"counts": dict(counts), "after": str(ids[-1])}
                Job.objects.filter(pk=claim.job_id).update(result=place)
                claim.outlive()
            return place
        except IntegrityError:  # the same work was asked for meanwhile: the next look finds it
            if not left:
                raise
    raise AssertionError


def _after(rows: QuerySet[Job], reached: Mapping[str, Any]) -> QuerySet[Job, UUID]:
    left = rows.filter(id__gt=reached["after"]) if "after" in reached else rows
    return left.values_list("pk", flat=True)


def _meant(selection: Selection) -> QuerySet[Job]:
    # One that does this itself would wait for its own row.
    return selection.rows().exclude(kind=KIND)


def _check(selection: Selection, act: str) -> str:
    if act not in together.ACTS:
        known = ", ".join(together.ACTS)
        raise InvalidRequest(f"act is {act[:100]!r}: write one of {known}.", code="unknown_act")
    if not selection.told():
        message = "Say which jobs you mean: a filter that takes all is not taken."
        raise InvalidRequest(message, code="filter_missing")
    return act


def _check_number(found: int) -> None:
    if found > MOST:
        message = (
            f"More than {MOST:,} jobs are like that: narrow the filter, by `since` and `until` for example."
        )
        raise InvalidRequest(message, code="too_many")
