"""The heartbeat: a lease is renewed while the work goes on, and a lost one stops it."""

from __future__ import annotations

from datetime import timedelta

import psycopg
from django.db import connection
from procrastinate.contrib.django import connector_params

from sync.jobs import lease
from sync.jobs.claim import Claim
from sync.jobs.take import take
from sync.models import Job
from tests.integration.jobs.conftest import Register, ask


def claimed() -> Claim:
    claim = take(ask().pk, 0, "here:1")
    assert claim is not None
    return claim


def beat(claim: Claim) -> None:
    with psycopg.connect(**connector_params(), autocommit=True) as heart:
        heart.execute("SET lock_timeout = '100ms'")
        lease.renew(heart, claim)


def test_a_beat_moves_the_lease_on(handle: Register) -> None:
    claim = claimed()
    Job.objects.update(lease_until=Job.objects.get().created_at)

    beat(claim)

    job = Job.objects.get()
    assert job.lease_until is not None
    assert job.lease_until > job.created_at + timedelta(seconds=10)
    assert not claim.stopping.is_set()


def test_a_lease_that_somebody_else_took_stops_the_work(handle: Register) -> None:
    claim = claimed()
    Job.objects.update(fence=7)

    beat(claim)

    assert claim.stopping.is_set()


def test_a_commit_that_holds_the_job_does_not_hold_up_its_heartbeat(handle: Register) -> None:
    from django.db import transaction

    claim = claimed()
    Job.objects.update(lease_until=None)
    with transaction.atomic():
        claim.hold()
        beat(claim)

    assert Job.objects.get().lease_until is not None


def test_a_locked_job_is_left_to_the_next_beat(handle: Register) -> None:
    from django.db import transaction

    claim = claimed()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM job FOR UPDATE")
        beat(claim)

    assert not claim.stopping.is_set()
