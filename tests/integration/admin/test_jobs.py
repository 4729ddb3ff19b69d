"""The jobs page: what it shows, and re-run, cancel, resolve on one and on many."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from admin_ui import job_detail
from admin_ui.acts import MOST_AT_ONCE
from sync.models import AuditEntry, Job
from tests import factories
from tests.integration.admin.pages import main_text, page, text

JOBS = "sync_job_changelist"
SENT = {"_form_submitted": "True"}


def act(client: Client, name: str, job: Job, **form: str) -> int:
    """Press a button of the detail page, as its dialog does."""
    return client.post(page(f"sync_job_{name}_one", job.pk), {**SENT, **form}).status_code


def act_on_many(client: Client, name: str, jobs: list[Job], **form: str) -> str:
    chosen = {"action": f"{name}_many", "_selected_action": [str(job.pk) for job in jobs]}
    return text(client.post(page(JOBS), {**chosen, **form}, follow=True))


def test_the_list_shows_what_each_job_is_at(viewing: Client) -> None:
    running = factories.job(status="processing", started_at=factories.now() - timedelta(seconds=75))
    factories.batch(running, counts={"rows_fetched": 8000, "inserted": 8000})
    factories.event(running, "progress", total=19820)
    factories.dead_job("shop.makers")

    shown = main_text(viewing.get(page(JOBS)))

    assert "processing" in shown
    assert "8,000 of 19,820 rows" in shown
    assert re.search(r"\b1 min \d+ s ", shown)
    assert "failed shop.makers sync" in shown
    assert "The far end answered 500: out of order." in shown


def test_the_dead_are_the_failed_that_nobody_resolved(viewing: Client) -> None:
    dead = factories.dead_job("shop.makers")
    factories.dead_job("shop.parts", resolved_at=factories.now(), resolved_by="olga")
    factories.job("shop.gadgets")

    shown = main_text(viewing.get(page(JOBS), {"standing": "dead"}))

    assert dead.entity is not None
    assert dead.entity.path in shown
    assert "shop.parts" not in shown
    assert "shop.gadgets" not in shown


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "failed"}, {"shop.makers"}),
        ({"entity": "shop.parts"}, {"shop.parts"}),
        ({"kind": "replay"}, {"shop.parts"}),
        ({"standing": "unfinished"}, {"shop.parts"}),
        ({"entity": "shop.nothing"}, set()),
    ],
)
def test_it_filters(viewing: Client, query: dict[str, str], found: set[str]) -> None:
    factories.dead_job("shop.makers")
    factories.job("shop.parts", kind="replay")

    rows = viewing.get(page(JOBS), query).context["cl"].result_list

    assert {job.entity.path for job in rows} == found


@pytest.mark.parametrize("length", [13, 36])
def test_it_finds_a_job_by_its_id_or_its_beginning(viewing: Client, length: int) -> None:
    job = factories.job(id=uuid4())
    factories.job(id=uuid4())

    rows = viewing.get(page(JOBS), {"q": str(job.pk)[:length]}).context["cl"].result_list

    assert [row.pk for row in rows] == [job.pk]


def test_it_finds_nothing_by_words_that_are_no_id(viewing: Client) -> None:
    factories.job()

    assert "Nothing here" in text(viewing.get(page(JOBS), {"q": "customers'; --"}))


def test_the_detail_shows_parameters_attempts_batches_and_events(viewing: Client) -> None:
    job = factories.dead_job(params={"since": "2025-01-01T00:00:00Z"})
    factories.attempt(
        job, outcome="failed", finished_at=factories.now(), error_code="far_end", error="answered 500"
    )
    factories.batch(job, counts={"rows_fetched": 1000, "updated": 3, "skipped": 997})
    factories.event(job, "retry", attempt=1, code="far_end", message="It answered 500.", seconds=10)

    shown = main_text(viewing.get(page("sync_job_change", job.pk)))

    assert '"since": "2025-01-01T00:00:00Z"' in shown
    assert "far_end: answered 500" in shown
    assert "1,000 read · 3 updated · 997 unchanged" in shown
    assert "Attempt 1 failed (far_end): It answered 500. Tried again in 10 s." in shown


def test_a_tree_that_is_not_shown_whole_says_so(viewing: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_detail, "MOST_OF_TREE", 3)
    root = factories.job()
    children = [factories.job(parent_id=root.pk) for _ in range(3)]

    cut = viewing.get(page("sync_job_change", children[0].pk))
    assert "Parents and children: the first 3" in main_text(cut)
    every = f"{page('sync_job_changelist')}?q=parent%3D{root.pk}"
    assert every in cut.content.decode()
    assert viewing.get(every).context["cl"].result_count == 3
    children[0].delete()
    assert "Parents and children Job" in main_text(viewing.get(page("sync_job_change", root.pk)))


def test_words_of_a_far_end_are_never_html(viewing: Client) -> None:
    job = factories.dead_job(error="<script>alert(1)</script>", params={"since": "<b>"})

    for path in (page(JOBS), page("sync_job_change", job.pk)):
        assert b"<script>alert(1)" not in viewing.get(path).content


def test_rerun_makes_a_dead_job_pending_and_is_audited(operating: Client) -> None:
    job = factories.dead_job()

    assert act(operating, "retry", job, remark="the far end is up again") == 302

    job.refresh_from_db()
    entry = AuditEntry.objects.get(act="job.retry")
    assert job.status == Job.Status.PENDING
    assert (entry.actor, entry.door, entry.object_id) == ("olga", "admin", str(job.pk))
    assert entry.reason == "the far end is up again"
    assert entry.request_id


def test_the_dialog_sends_the_browser_on_after_the_act(operating: Client) -> None:
    job = factories.dead_job()

    answer = operating.post(page("sync_job_retry_one", job.pk), SENT, headers={"HX-Request": "true"})

    assert answer["HX-Redirect"] == page("sync_job_change", job.pk)


def test_opening_a_dialog_does_nothing(operating: Client) -> None:
    job = factories.dead_job()

    assert "Run it again now" in text(operating.get(page("sync_job_retry_one", job.pk)))

    job.refresh_from_db()
    assert job.status == Job.Status.FAILED


def test_cancel_stops_a_pending_job(operating: Client) -> None:
    job = factories.job()

    act(operating, "cancel", job)

    job.refresh_from_db()
    assert job.status == Job.Status.CANCELLED
    assert AuditEntry.objects.filter(act="job.cancel", object_id=job.pk).exists()


def test_resolve_wants_a_remark(operating: Client) -> None:
    job = factories.dead_job()

    assert act(operating, "resolve", job) == 200
    job.refresh_from_db()
    assert job.resolved_at is None

    act(operating, "resolve", job, remark="loaded by hand")
    job.refresh_from_db()
    assert (job.resolved_by, job.remark) == ("olga", "loaded by hand")


def test_what_makes_no_sense_is_told_in_the_engines_words(operating: Client) -> None:
    job = factories.job(status="success")

    answer = operating.post(page("sync_job_cancel_one", job.pk), SENT, follow=True)

    assert "The job has ended (success): there is nothing to cancel." in text(answer)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("name", ["retry", "cancel", "resolve"])
def test_acts_are_refused_to_a_viewer(viewing: Client, name: str) -> None:
    job = factories.dead_job()

    assert act(viewing, name, job, remark="no") == 403
    job.refresh_from_db()
    assert (job.status, job.resolved_at) == (Job.Status.FAILED, None)


def test_a_viewer_sees_no_buttons(viewing: Client) -> None:
    job = factories.dead_job()

    assert "Re-run" not in text(viewing.get(page("sync_job_change", job.pk)))
    assert viewing.get(page(JOBS)).context["action_form"] is None


@pytest.mark.parametrize(
    ("columns", "buttons"),
    [
        ({"status": "failed"}, ["Re-run", "Resolve", "Edit and run"]),
        ({"status": "pending"}, ["Cancel", "Edit and run"]),
        ({"status": "pending", "hold": "backoff"}, ["Re-run", "Cancel", "Edit and run"]),
        ({"status": "processing"}, ["Cancel"]),
        ({"status": "success"}, []),
    ],
)
def test_the_detail_offers_what_makes_sense(
    operating: Client, columns: dict[str, str], buttons: list[str]
) -> None:
    job = factories.job(**columns)

    offered = operating.get(page("sync_job_change", job.pk)).context["actions_detail"]

    assert [button["title"] for button in offered] == buttons


def test_an_act_on_many_asks_first_and_does_it_then(operating: Client) -> None:
    jobs = [factories.dead_job("shop.makers"), factories.dead_job("shop.parts")]

    assert "2 chosen" in act_on_many(operating, "resolve", jobs)
    assert not Job.objects.filter(resolved_at__isnull=False).exists()

    shown = act_on_many(operating, "resolve", jobs, **SENT, remark="loaded by hand")
    assert "2 resolved." in shown
    assert Job.objects.filter(resolved_by="olga", remark="loaded by hand").count() == 2
    assert AuditEntry.objects.filter(act="job.resolve").count() == 2


def test_one_that_is_refused_does_not_undo_the_others(operating: Client) -> None:
    jobs = [factories.dead_job("shop.makers"), factories.job("shop.parts", status="success")]

    shown = act_on_many(operating, "retry", jobs, **SENT)

    assert "1 asked to run again." in shown
    assert "only one that failed, is parked or backs off can be retried" in shown


def test_an_act_on_all_pages_is_capped(operating: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("admin_ui.acts.MOST_AT_ONCE", 2)
    jobs = [factories.dead_job() for _ in range(3)]
    chosen = {"action": "resolve_many", "_selected_action": [str(jobs[0].pk)], "select_across": "1"}

    shown = text(operating.post(page(JOBS), chosen))

    assert MOST_AT_ONCE == 500
    assert "2 chosen (at most 2 at once: repeat it for the rest)" in shown


def test_a_job_under_way_looks_again_and_a_finished_one_does_not(viewing: Client) -> None:
    running, finished = factories.job(status="processing"), factories.job(status="success")

    assert b'hx-trigger="every 3s"' in viewing.get(page("sync_job_change", running.pk)).content
    assert b'hx-trigger="every 3s"' not in viewing.get(page("sync_job_change", finished.pk)).content
