"""A range read in windows: every row once, beside the syncs and never in their way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync import failures, records
from sync.backfill import acts, planner
from sync.backfill.progress import counts_of
from sync.freshness import forget_requests, request_refresh
from sync.jobs import kinds
from sync.jobs.run import run_job
from sync.keys import key_hash
from sync.models import Backfill, FailedRecord, Job, Record, ScopeLimit
from sync.registry import registry
from tests.farend import FarEnd
from tests.integration.pipeline.backfilling import (
    GADGETS,
    OLGA,
    Calendar,
    at_once,
    calendar,
    have,
    meanwhile,
    run_all,
    start,
    step,
)
from tests.integration.pipeline.conftest import gadget, run, run_again, sync


@pytest.fixture(autouse=True)
def today(far_end: FarEnd) -> Iterator[Calendar]:
    forget_requests()
    with calendar() as kept, at_once(3):
        have(far_end, 100)
        yield kept


def tracker() -> tuple[str | None, object, object]:
    kept = records.tracker(registry.find(GADGETS))
    return kept.watermark, kept.fresh_to, kept.last_sync_at


def test_every_row_lands_once(far_end: FarEnd) -> None:
    backfill = start()

    assert run_all() == ["success"] * 4

    backfill.refresh_from_db()
    assert backfill.state == "done"
    assert backfill.finished_at is not None
    assert Record.objects.count() == 100
    assert counts_of(backfill)["inserted"] == 100
    assert not ScopeLimit.objects.filter(scope=backfill.scope).exists()


def test_it_reads_only_its_range(far_end: FarEnd) -> None:
    start(low="11", high="31", window="7")

    run_all()

    assert {int(row.data["id"]) for row in Record.objects.all()} == set(range(11, 31))
    assert {(asked["from"], asked["below"]) for _, _, asked in far_end.asked} >= {
        ("11", "18"),
        ("18", "25"),
        ("25", "31"),
    }


def test_it_goes_by_the_cursor_too(far_end: FarEnd) -> None:
    backfill = start(by="cursor", low="2026-01-01T00:10:00Z", high="2026-01-01T00:40:00Z", window="1h")

    run_all()

    assert [(window.low, window.high) for window in backfill.windows.all()] == [
        ("2026-01-01T00:10:00Z", "2026-01-01T00:40:00Z")
    ]
    assert {row.data["changed"][14:16] for row in Record.objects.all()} == {f"{n}" for n in range(10, 40)}


def test_the_watermark_and_the_freshness_stay(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1))
    sync(GADGETS)
    before = tracker()
    have(far_end, 100)

    start()
    run_all()

    assert tracker() == before
    assert Record.objects.count() == 100


def test_the_first_full_read_after_it_sets_the_watermark_of_what_it_skips(far_end: FarEnd) -> None:
    have(far_end, 100)
    start()
    run_all()

    counts = sync(GADGETS)

    assert (counts["rows_fetched"], counts["skipped"]) == (100, 100)
    assert tracker()[0] == "2026-01-01T00:57:00Z"


def test_it_deletes_nothing(far_end: FarEnd) -> None:
    sync(GADGETS)
    far_end.set("gadgets", *(gadget(number) for number in range(1, 51)))

    start()
    run_all()

    assert Record.objects.filter(deleted_at=None).count() == 100
    assert not Job.objects.filter(kind="deletes").exists()


def test_what_is_newer_in_the_mirror_stays(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(7, name="Newer", updated_at="2026-02-01T00:00:00Z"))
    sync(GADGETS)
    have(far_end, 100)

    start()
    run_all()

    found = records.read(registry.find(GADGETS), {"id": "7"})
    assert found is not None
    assert '"Newer"' in found.data


def test_two_windows_are_read_at_once(far_end: FarEnd) -> None:
    backfill = start(workers=2)

    under_way = Job.objects.filter(kind="backfill")

    assert [(job.hold, job.params["no"], job.priority) for job in under_way.order_by("id")] == [
        (None, 1, 0),
        (None, 2, 0),
    ]
    assert backfill.windows.filter(state="running").count() == 2


def test_the_entitys_own_limit_is_respected(far_end: FarEnd) -> None:
    with at_once(1):
        start(workers=2)

        holds = Job.objects.filter(kind="backfill").order_by("id").values_list("hold", flat=True)
        assert list(holds) == [None, "limit"]
        assert run_all() == ["success"] * 4


def test_rows_that_leave_the_window_while_it_is_read_lose_no_other(far_end: FarEnd) -> None:
    backfill = start(by="cursor", low="2026-01-01", high="2026-01-02", window="1d", workers=1)

    def change() -> None:
        rows = [gadget(one) for one in range(1, 101)]
        rows[4]["updated_at"] = "2026-02-01T00:00:00Z"
        far_end.set("gadgets", *rows)

    meanwhile(far_end, change, offset=50)
    run_all()

    backfill.refresh_from_db()
    assert (backfill.state, Record.objects.count()) == ("done", 100)
    assert backfill.windows.get().passes == 1


def test_a_window_that_never_rests_is_left_to_a_person(far_end: FarEnd) -> None:
    backfill = start(by="cursor", low="2026-01-01", high="2026-01-02", window="1d", workers=1)
    left = list(range(1, 101))

    def lose(params: dict[str, str]) -> None:
        far_end.set("gadgets", *(gadget(one) for one in left[: len(left) - len(far_end.asked) // 4]))

    far_end.on_page = lose
    run_all()
    planner.tick()

    backfill.refresh_from_db()
    assert backfill.state == "paused"
    assert "Smaller windows may help" in backfill.remark


def test_a_mended_record_is_not_refused_again(far_end: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.pipeline.windows.MEMO_ROWS", 0)
    rows = [gadget(one) for one in range(1, 101)]
    rows[6]["price"] = "much"
    far_end.set("gadgets", *rows)
    sync(GADGETS)
    failed = FailedRecord.objects.get()
    failures.mend(failed.id, {"price": "5"}, by=OLGA)
    run_again(failures.retry(failed.id, by=OLGA))

    start()
    run_all()

    assert not FailedRecord.objects.filter(state="open").exists()


def test_a_sync_that_waits_goes_before_the_next_window(far_end: FarEnd) -> None:
    with at_once(1):
        start(workers=2)
        waiting = Job.objects.create(
            kind="sync",
            entity=Job.objects.filter(kind="backfill")[0].entity,
            hold="limit",
            priority=10,
            scopes=[f"entity:{GADGETS}"],
            requested_by="schedule",
        )
        step()

        waiting.refresh_from_db()
        assert waiting.hold is None
        assert Job.objects.filter(kind="backfill", status="pending", hold=None).count() == 0


@pytest.mark.parametrize("work", ["a window", "a sync"])
def test_a_refresh_overtakes_what_is_being_read(far_end: FarEnd, work: str) -> None:
    gadgets = registry.find(GADGETS)
    key = {"id": "99"}
    overtaken: list[tuple[str, bool]] = []

    def ask() -> None:
        wanted = request_refresh(gadgets, key, key_hash(gadgets, key), by="test")
        job = Job.objects.get(pk=wanted.job_id)
        assert (job.hold, job.priority, kinds.queue_of(job.kind)) == (None, 30, "interactive")
        outcome = run_job(job.pk, job.fence)
        overtaken.append((outcome, records.read(gadgets, key) is not None))

    with at_once(1):
        start(workers=2)
        if work == "a sync":
            acts.cancel(Backfill.objects.get().pk, by=OLGA)
        meanwhile(far_end, ask)
        outcome = step() if work == "a window" else run("sync", GADGETS).status

    assert outcome == "success"
    assert overtaken == [("success", True)], "while the other goes on, and no room for another job is left"
    assert Record.objects.count() == (26 if work == "a window" else 100)


def test_a_pending_job_of_a_window_that_another_has_does_nothing(far_end: FarEnd) -> None:
    backfill = start(workers=1)
    window = backfill.windows.get(no=1)
    window.state, window.job = "open", None
    window.save()

    assert step() == "success"

    assert Record.objects.count() == 0
