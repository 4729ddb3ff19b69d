"""Dead jobs by cause, one act on all that a filter finds, and editing one."""

from __future__ import annotations

import pytest
from django.test import Client

from sync.models import Job
from tests import factories
from tests.integration.admin.pages import main_text, page, text


def test_they_are_counted_by_cause_with_the_newest(viewing: Client) -> None:
    for _ in range(3):
        factories.dead_job()
    factories.dead_job(None, kind="tidy", error_code="internal_error")
    factories.dead_job("shop.makers", resolved_at=factories.now(), resolved_by="olga")

    shown = main_text(viewing.get(page("dead_jobs")))

    assert "shop.gadgets sync far_end_unavailable 3" in shown
    assert "– tidy internal_error 1" in shown
    assert "shop.makers" not in shown
    assert "Re-run all" not in shown  # for those who may operate


def test_a_number_leads_to_those_that_it_counts(viewing: Client) -> None:
    factories.dead_job()
    timed_out = factories.dead_job(error_code="timeout")
    link = page("sync_job_changelist") + "?standing=dead&kind=sync&entity=shop.gadgets&q=code%3Dtimeout"

    assert link.replace("&", "&amp;") in viewing.get(page("dead_jobs")).content.decode()

    assert [job.pk for job in viewing.get(link).context["cl"].result_list] == [timed_out.pk]


def test_the_button_above_the_list_takes_its_filter_along(operating: Client) -> None:
    listed = page("sync_job_changelist")
    found = "?standing=dead&kind=sync&entity=shop.gadgets&q=code%3Dtimeout+params.key.id%3D7"

    form = operating.get(
        page("sync_job_act_on_all"), headers={"referer": f"http://testserver{listed}{found}"}, follow=True
    )

    initial = form.context["form"].initial
    assert {name: initial[name] for name in ("status", "kind", "entity", "code", "params")} == {
        "status": "dead",
        "kind": "sync",
        "entity": "shop.gadgets",
        "code": "timeout",
        "params": "key.id=7",
    }
    by_id = operating.get(
        page("sync_job_act_on_all"), headers={"referer": f"http://testserver{listed}?q=01a2"}, follow=True
    )
    assert "it is left out" in text(by_id)
    assert operating.get(page("sync_job_act_on_all")).headers["Location"] == page("jobs_bulk")


def test_each_cause_leads_to_an_act_on_all_of_it(operating: Client) -> None:
    factories.dead_job()

    html = operating.get(page("dead_jobs")).content.decode()

    assert (
        "act=retry&amp;status=dead&amp;kind=sync&amp;code=far_end_unavailable&amp;entity=shop.gadgets" in html
    )


def test_without_any_it_says_so(viewing: Client) -> None:
    assert "nothing waits for a person" in text(viewing.get(page("dead_jobs")))


def test_an_act_on_all_is_previewed_and_asked_for(operating: Client) -> None:
    for _ in range(2):
        factories.dead_job(params={"key": {"id": 7}})
    asked = {"act": "resolve", "status": "dead", "params": "key.id=7", "reason": "known"}

    shown = text(operating.post(page("jobs_bulk"), {**asked, "_preview": "1"}))
    assert "visibility Preview play_arrow Start" in shown
    assert "2 jobs are like that" in shown
    assert not Job.objects.filter(kind="bulk").exists()
    operating.post(page("jobs_bulk"), asked)

    bulk = Job.objects.get(kind="bulk")
    assert (bulk.requested_by, bulk.params["reason"]) == ("olga", "known")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, "Say which jobs you mean"),
        ({"error": "500"}, "add one of"),
        ({"status": "dead"}, "No job is like that"),
        ({"status": "dead", "params": "target"}, "by their path"),
        ({"status": "dead", "since": "soon"}, "write a moment"),
    ],
)
def test_a_bad_act_on_all_says_why(operating: Client, asked: dict[str, str], words: str) -> None:
    assert words in text(operating.post(page("jobs_bulk"), {"act": "retry", **asked}))


def test_who_may_only_look_acts_on_nothing(viewing: Client) -> None:
    job = factories.dead_job()

    assert viewing.post(page("jobs_bulk"), {"act": "retry", "status": "dead"}).status_code == 403
    assert viewing.post(page("job_edit", job.pk), {"params": "{}"}).status_code == 403


def test_one_is_edited_and_run(operating: Client) -> None:
    job = factories.dead_job(params={"full": True})
    assert "Edit and run" in text(operating.get(page("sync_job_change", job.pk)))

    assert "must be true or false" in text(
        operating.post(page("job_edit", job.pk), {"params": '{"full": 1}'})
    )
    assert "Write a JSON object" in text(operating.post(page("job_edit", job.pk), {"params": "[1]"}))
    operating.post(page("job_edit", job.pk), {"params": "{}"})

    assert Job.objects.get(status="pending").params == {}
    assert Job.objects.get(pk=job.pk).resolved_by == "olga"


def test_the_list_is_searched_by_error_and_parameter(viewing: Client) -> None:
    factories.dead_job(params={"key": {"id": 7}})
    factories.dead_job("shop.makers", params={"key": {"id": 8}})
    jobs = page("sync_job_changelist")

    shown = main_text(viewing.get(jobs, {"q": 'error="out of order" params.key.id=7', "standing": "dead"}))

    assert "shop.gadgets" in shown
    assert "shop.makers" not in shown.replace("Shop makers", "")
    assert "add one of" in text(viewing.get(jobs, {"q": "error=500"}))


def test_a_job_shows_where_the_code_broke_and_no_secrets(viewing: Client) -> None:
    job = factories.dead_job(params={"deep": [{"password": "s3cret"}]})
    factories.attempt(job, outcome="failed", traceback="File x, line 7: token=abcdefgh")

    shown = text(viewing.get(page("sync_job_change", job.pk)))

    assert "File x, line 7" in shown
    assert "abcdefgh" not in shown
    assert "s3cret" not in shown
