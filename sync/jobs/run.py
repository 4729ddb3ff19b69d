"""One attempt of a job, from its delivery to its end."""

from __future__ import annotations

import time
from contextlib import nullcontext
from uuid import UUID

import structlog
from django.db import close_old_connections, transaction

from sync import metrics
from sync.errand import Errand, on
from sync.errors import FatalError, NotKnownHere, StaleAttempt
from sync.jobs import kinds
from sync.jobs.claim import Claim, Interrupted, PutOff
from sync.jobs.handing import hand_over
from sync.jobs.lease import leases, worker_name
from sync.jobs.retry import DATABASE_PAUSE, FAILED, Verdict, database_is_away
from sync.jobs.settle import hand_back, settle
from sync.jobs.take import take
from sync.models import Attempt
from sync.outbound import inspector

log = structlog.get_logger(__name__)

QUICK = 0.1
"""Seconds."""


def run_job(job_id: UUID, fence: int) -> str:
    """Run the job for this delivery; returns what became of it, `stale` where the delivery is outdated.

    Raises only where the database is out of reach: then the lease runs out, and the job is recovered.
    """
    claim = take(job_id, fence, worker_name())
    return "stale" if claim is None else run_claim(claim)


def run_claim(claim: Claim) -> str:
    """Run a job that is claimed; raises as `run_job` does."""
    path = None if claim.entity is None else claim.entity.path
    with structlog.contextvars.bound_contextvars(job_id=str(claim.job_id), entity=path):
        began = time.monotonic()
        errand = Errand.of_kind(claim.kind, claim.check_lease)
        with leases.held(claim), on(errand):
            outcome = _attempt(claim)
        _count(claim, outcome, time.monotonic() - began)
    # A transaction of its own, after the job's: a worker that dies in between leaves it to the sweep.
    hand_over(claim.scopes, claim.lanes)
    inspector.keep(claim, errand, outcome)
    if errand.requests:
        Attempt.objects.filter(job_id=claim.job_id, no=claim.attempt).update(requests=errand.requests)
    return outcome


def _attempt(claim: Claim) -> str:
    try:
        _handle(claim)
    except StaleAttempt:
        return "stale"
    except PutOff as later:
        return "put_off" if hand_back(claim, put_off=later.reason) else "stale"
    except Interrupted:
        return "interrupted" if hand_back(claim) else "stale"
    except Exception as error:  # a job ends in its row, whatever its handler raised
        close_old_connections()  # the one that broke is of no use for writing down that it did
        verdict = _settle(claim, error)
        if verdict is None:
            log.warning("error_after_the_end", finished=claim.live.finished, reason=repr(error))
            return "success" if claim.live.finished else "stale"
        level = log.error if verdict.outcome == FAILED else log.warning
        level("attempt_ended", outcome=verdict.outcome, code=verdict.code, reason=verdict.message)
        metrics.errors.labels(type=verdict.code).inc()
        return verdict.outcome
    return "success"


def _settle(claim: Claim, error: Exception) -> Verdict | None:
    """Write what follows; while the database is away, try for as long as the lease may still be ours."""
    while True:
        try:
            return settle(claim, error)
        except Exception as trouble:
            if not database_is_away(trouble) or claim.stopping.wait(DATABASE_PAUSE):
                raise
            close_old_connections()


def _handle(claim: Claim) -> None:
    if claim.entity_id is not None and claim.entity is None:
        message = "The entity of this job is not declared here: add its system again, or cancel the job."
        raise NotKnownHere(message, code="unknown_entity")
    if claim.kind not in kinds.KINDS:
        message = f"This code has no work called {claim.kind}: start workers of the code that has, or cancel the job."
        raise NotKnownHere(message, code="unknown_kind")
    handler = kinds.handler_of(claim.kind)
    # As in a group, short work is in a transaction from the start.
    with transaction.atomic() if kinds.kind_of(claim.kind).short else nullcontext():
        handler(claim)
        if not claim.live.finished:
            raise unfinished(claim)


def unfinished(claim: Claim) -> FatalError:
    """A handler must end its job."""
    return FatalError(f"The handler of {claim.kind} ended without finishing the job.", code="unfinished")


def _count(claim: Claim, outcome: str, seconds: float) -> None:
    took = {"seconds": round(seconds, 3)}
    # What was quick and went well is in its row: a line for each of a thousand a second is no news.
    tell = log.debug if outcome == "success" and seconds < QUICK else log.info
    tell("job_ran", kind=claim.kind, attempt=claim.attempt, outcome=outcome, metrics=took)
    module = "" if claim.entity is None else claim.entity.path
    if outcome == "success":
        metrics.jobs_processed.labels(module=module).inc()
    elif outcome == FAILED:
        metrics.jobs_failed.labels(module=module).inc()
    if claim.kind == "sync" and outcome in ("success", FAILED):
        metrics.syncs.inc()
        metrics.sync_duration.observe(seconds)
