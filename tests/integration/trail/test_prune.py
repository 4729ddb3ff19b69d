"""Old entries go from the start of the chain; what stays still proves itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from pytest_django import Settings

from sync.errors import InvalidRequest
from sync.jobs.enqueue import enqueue
from sync.models import AuditEntry, AuditLink
from sync.trail.chain import ends, read_point
from sync.trail.prune import prune
from sync.trail.verify import verify
from tests.integration.pipeline.conftest import run_again
from tests.integration.trail.conftest import act, past_the_triggers


def pruned(most: int = 100, *, younger: timedelta = timedelta(0)) -> int:
    with transaction.atomic():
        return prune(datetime.now(UTC) - younger, most)


def test_what_stays_still_holds(five: list[str]) -> None:
    kept = str(verify().head)

    assert pruned(most=3) == 3

    assert list(AuditLink.objects.values_list("seq", flat=True)) == [4, 5]
    assert AuditEntry.objects.count() == 2
    assert (verify().holds, verify().start.seq, verify().entries) == (True, 3, 2)
    assert verify(read_point(kept)).holds
    act(6)
    assert (verify().holds, verify().head.seq) == (True, 6)


def test_young_entries_stay(five: list[str]) -> None:
    assert pruned(younger=timedelta(days=1)) == 0
    assert verify().entries == 5


def test_all_may_go(five: list[str]) -> None:
    kept = verify().head

    assert pruned() == 5

    assert (verify().holds, verify().entries, verify().start) == (True, 0, kept)
    assert verify(kept).holds
    act(6)
    assert (verify().holds, verify().head.seq) == (True, 6)


def test_what_is_broken_stays_and_is_still_named(five: list[str]) -> None:
    with past_the_triggers() as cursor:
        cursor.execute("UPDATE audit SET actor = 'nobody' WHERE id = %s", (five[2],))

    assert pruned() == 2
    assert pruned() == 0
    assert [(fault.kind, fault.seq) for fault in verify().faults] == [("changed", 3)]


def test_a_head_from_before_what_went_cannot_be_compared(five: list[str]) -> None:
    old = ends()[0]
    pruned(most=3)

    with pytest.raises(InvalidRequest) as caught:
        verify(old)

    assert caught.value.code == "head_too_old"


def test_the_nightly_job_deletes_only_where_it_is_told_to(five: list[str], settings: Settings) -> None:
    with past_the_triggers() as cursor:
        cursor.execute(
            "DELETE FROM audit; DELETE FROM audit_link; UPDATE audit_chain SET head_seq = 0,"
            " head_hash = start_hash"
        )
    old = AuditEntry(act="job.retry", object_type="job", object_id="1", actor="olga", door="shell")
    old.at = datetime.now(UTC) - timedelta(days=400)
    old.save()
    act(1)

    assert tidied() == 0
    settings.BRIDGE_KEEP_AUDIT_DAYS = 365
    assert tidied() == 1

    assert (verify().holds, verify().start.seq, AuditEntry.objects.count()) == (True, 1, 1)


def tidied() -> int:
    job = enqueue("tidy", requested_by="test").job
    return int(run_again(job).result["audit_entries"])  # type: ignore[index]
