"""A far end that loses rows, and what tests ask of deletes."""

from __future__ import annotations

from collections.abc import Callable

from sync import records
from sync.audit import Actor
from sync.events import words
from sync.models import DeleteProposal, Job, JobEvent
from sync.registry import registry
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run, run_waiting, sync

GADGETS = "shop.gadgets"
OLGA = Actor("olga", "admin")


def have(far_end: FarEnd, *numbers: int) -> None:
    far_end.set("gadgets", *(gadget(number) for number in numbers))


def full_read() -> Job:
    """A full read and the jobs that follow it."""
    job = run("sync", GADGETS, full=True)
    run_waiting("deletes")
    return job


def found(number: int) -> records.Found:
    record = records.read(registry.find(GADGETS), {"id": str(number)})
    assert record is not None
    return record


def live() -> set[int]:
    return {number for number in range(1, 101) if _is_live(number)}


def _is_live(number: int) -> bool:
    record = records.read(registry.find(GADGETS), {"id": str(number)})
    return record is not None and record.deleted_at is None


def live_rows() -> int:
    return records.tracker(registry.find(GADGETS)).live_rows


def why_not(job: Job) -> str:
    """What the read's log says of its deletes."""
    return words(JobEvent.objects.get(job_id=job.id, name="deletes_unproven"))


def proposed(far_end: FarEnd, lost: int = 30) -> DeleteProposal:
    """The proposal that follows when the far end lost so many of 100."""
    have(far_end, *range(1, 101))
    sync(GADGETS)
    have(far_end, *range(lost + 1, 101))
    full_read()
    return DeleteProposal.objects.get()


def decide(act: Callable[..., DeleteProposal], proposal: DeleteProposal) -> DeleteProposal:
    """Do it, and the job that follows."""
    act(proposal.id, by=OLGA, reason="told so")
    run_waiting("deletes")
    proposal.refresh_from_db()
    return proposal
