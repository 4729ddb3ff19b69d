"""How an attempt that did not succeed ends: its state and its next delivery commit together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from sync import grouping
from sync.errors import NotKnownHere
from sync.jobs import queue
from sync.jobs.claim import Claim
from sync.jobs.enqueue import BACKOFF
from sync.jobs.events import note
from sync.jobs.retry import ELSEWHERE, FAILED, PARKED, RETRY, Verdict, elsewhere, judge, policy_of
from sync.models import Attempt, Job

CONFIGURATION = "configuration"
MOST_ATTEMPTS = 30_000
"""Their number is a smallint: beyond 32,767 no worker could take the job, nor what waits behind it."""


def settle(claim: Claim, error: Exception) -> Verdict | None:
    """Write what follows an error; None where the claim was lost meanwhile, and nothing is written."""
    with transaction.atomic():
        job = _still_ours(claim)
        if job is None:
            return None
        if claim.live.advanced:
            job.attempts = 0  # a long run must not use up its tries over days of small troubles
        verdict = _verdict(job, claim, error)
        if verdict.outcome != FAILED and claim.attempt >= MOST_ATTEMPTS:
            words = (
                f"{verdict.message} After {claim.attempt} attempts it is not tried again: ask for it anew."
            )
            verdict = replace(verdict, outcome=FAILED, message=words)
        _write(job, claim, verdict)
    return verdict


def _verdict(job: Job, claim: Claim, error: Exception) -> Verdict:
    if isinstance(error, NotKnownHere):
        before = Attempt.objects.filter(job=job, error_code=error.code, started_at__gt=Now() - ELSEWHERE)
        return elsewhere(error, before.count())
    if claim.live.overtaken is not None and claim.live.overtaken():
        message = "Its work was ended elsewhere while it ran: it runs again at once, to end too."
        return Verdict(outcome=RETRY, code="overtaken", message=message, burns=False)
    return judge(
        error,
        burned=job.attempts,
        policy=claim.live.retry or policy_of(claim.entity),
        previous_code=None if claim.live.advanced else _previous_code(claim),
    )


def hand_back(claim: Claim, *, put_off: str | None = None) -> bool:
    """Give an interrupted job back at once, no try burned; False where the claim was lost meanwhile.

    `put_off` is the reason of one that may not go on now.
    """
    with transaction.atomic():
        job = _still_ours(claim)
        if job is None:
            return False
        _end_attempt(claim, "put_off" if put_off else "interrupted")
        if put_off:
            note(job.pk, "put_off", attempt=claim.attempt, reason=put_off)
        else:
            note(job.pk, "interrupted", attempt=claim.attempt, worker=claim.worker)
        redeliver(job)
    return True


def redeliver(job: Job, *, delay: float = 0.0, **changes: Any) -> None:
    """Make a locked job pending with a fresh wake-up, due after `delay` seconds."""
    state = {
        "status": Job.Status.PENDING,
        "hold": BACKOFF if delay else None,
        "lease_until": None,
        "run_after": Now() + timedelta(seconds=delay),  # the clock that decides when the queue finds it due
    }
    Job.objects.filter(pk=job.pk).update(**{**state, **changes})
    job.refresh_from_db()
    job.wakeup = queue.wake(job, at=job.run_after if delay else None)
    job.save(update_fields=["wakeup"])


def _still_ours(claim: Claim) -> Job | None:
    job = Job.objects.select_for_update().filter(pk=claim.job_id).first()
    held = job is not None and job.fence == claim.fence and job.status == Job.Status.PROCESSING
    return job if held else None


def _write(job: Job, claim: Claim, verdict: Verdict) -> None:
    _end_attempt(claim, verdict.outcome, verdict)
    facts = {"attempt": claim.attempt, "code": verdict.code, "message": verdict.message}
    if verdict.outcome == RETRY:
        facts["seconds"] = verdict.delay
    note(job.pk, verdict.outcome, **facts)
    path = None if claim.entity is None else claim.entity.path
    changes = {
        "error_code": verdict.code,
        "error": verdict.message,
        "fingerprint": grouping.job_signature(job.kind, path, verdict.code, verdict.message),
        "attempts": job.attempts + verdict.burns,
    }
    if verdict.outcome == RETRY:
        redeliver(job, delay=verdict.delay, **changes)
        return
    changes |= {"wakeup": None, "lease_until": None}
    if verdict.outcome == PARKED:
        changes |= {"status": Job.Status.PENDING, "hold": CONFIGURATION}
    elif verdict.outcome == FAILED:
        changes |= {"status": Job.Status.FAILED, "finished_at": Now()}
        grouping.see_job(job.kind, path, job.entity_id, verdict.code, verdict.message)
    Job.objects.filter(pk=job.pk).update(**changes)


def _end_attempt(claim: Claim, outcome: str, verdict: Verdict | None = None) -> None:
    Attempt.objects.filter(job_id=claim.job_id, no=claim.attempt).update(
        outcome=outcome,
        finished_at=Now(),
        error_code=verdict and verdict.code,
        error=verdict and verdict.message,
        traceback=verdict and verdict.traceback,
    )


def _previous_code(claim: Claim) -> str | None:
    """The code of the attempt before, if it ran and failed."""
    before = Attempt.objects.filter(job_id=claim.job_id, no=claim.attempt - 1)
    return before.values_list("error_code", flat=True).first()
