"""`bridge jobs`."""

from __future__ import annotations

import uuid

import pytest

from sync.models import AuditEntry, Job
from tests import factories
from tests.integration.shell.conftest import Shell


def test_it_lists_the_newest_first(shell: Shell) -> None:
    older, newer = factories.job(), factories.dead_job("shop.makers")

    assert shell("jobs") == 0

    assert shell.out.index(str(newer.id)) < shell.out.index(str(older.id))
    assert "out of order" in shell.out


def test_it_lists_by_status_and_entity(shell: Shell) -> None:
    factories.job()
    dead = factories.dead_job("shop.makers")

    shell("jobs", "list", "--status", "failed", "--entity", "shop.makers", "--json")

    assert [job["id"] for job in shell.json] == [str(dead.id)]


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_it_says_that_there_are_more(shell: Shell, more: tuple[str, ...]) -> None:
    for _ in range(3):
        factories.job()

    shell("jobs", "list", "--limit", "2", *more)
    assert shell.err == "bridge: 2 of 3; --limit N shows more.\n"

    shell("jobs", "list", "--limit", "3", *more)
    assert shell.err == ""


def test_it_counts_failed_tries_not_runs(shell: Shell) -> None:
    job = factories.dead_job()

    shell("jobs")
    assert "failed tries" in shell.out
    shell("jobs", "show", str(job.id))
    assert "failed tries   4" in shell.out


def test_it_shows_one_with_its_runs_and_log(shell: Shell) -> None:
    job = factories.dead_job()
    factories.attempt(job, outcome="retry", error="The far end answered 500.")
    factories.event(job, "started")

    assert shell("jobs", "show", str(job.id)) == 0

    assert "far_end_unavailable" in shell.out
    assert "The far end answered 500." in shell.out


def test_it_shows_one_as_json(shell: Shell) -> None:
    job = factories.dead_job()

    shell("jobs", "show", str(job.id), "--json")

    assert (shell.json["id"], shell.json["runs"]) == (str(job.id), [])


def test_it_runs_a_failed_one_again(shell: Shell) -> None:
    job = factories.dead_job()

    assert shell("jobs", "retry", str(job.id), "--reason", "repaired") == 0

    assert Job.objects.get(pk=job.id).status == Job.Status.PENDING
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.door, entry.reason) == ("job.retry", "shell", "repaired")


def test_it_cancels_one(shell: Shell) -> None:
    job = factories.job()

    assert shell("jobs", "cancel", str(job.id)) == 0
    assert f"Job {job.id} is cancelled." in shell.out


def test_it_resolves_one_with_a_remark(shell: Shell) -> None:
    job = factories.dead_job()

    assert shell("jobs", "resolve", str(job.id), "--remark", "known") == 0

    assert "failed, resolved" in shell.out
    assert Job.objects.get(pk=job.id).remark == "known"


def test_an_act_that_makes_no_sense_now_ends_with_1(shell: Shell) -> None:
    job = factories.job(status=Job.Status.SUCCESS)

    assert shell("jobs", "cancel", str(job.id)) == 1
    assert "[conflict]" in shell.err


@pytest.mark.parametrize("act", ["show", "retry", "cancel", "resolve"])
def test_a_job_that_is_not_there_is_one_sentence(shell: Shell, act: str) -> None:
    assert shell("jobs", act, str(uuid.uuid4())) == 2
    assert "[not_found]" in shell.err


def test_an_act_without_an_id_is_one_sentence(shell: Shell) -> None:
    assert shell("jobs", "retry") == 2
    assert "[id_missing]" in shell.err


def test_it_acts_on_all_that_a_filter_finds_after_a_preview(shell: Shell) -> None:
    dead = [factories.dead_job(params={"target": "hub"}) for _ in range(2)]
    factories.dead_job(params={"target": "other"})
    where = ("--status", "dead", "--param", "target=hub")

    assert shell("jobs", "resolve", *where, "--preview", "--json") == 0
    assert (shell.json["fit"], shell.json["sample"]) == (2, [str(job.pk) for job in dead])
    assert shell("jobs", "resolve", *where, "--reason", "known", "--per-second", "5") == 0

    bulk = Job.objects.get(kind="bulk")
    assert str(bulk.pk) in shell.out
    assert bulk.params["per_second"] == 5
    assert shell("jobs", "retry", "--status", "dead", "--param", "target") == 2
    assert "[bad_param]" in shell.err


def test_it_edits_one_and_runs_it(shell: Shell) -> None:
    job = factories.dead_job()

    assert shell("jobs", "edit", str(job.id), "--params", '{"full": true}', "--json") == 0
    assert shell.json["params"] == {"full": True}
    assert shell("jobs", "edit", str(job.id), "--params", "[1]") == 2
    assert "[bad_json]" in shell.err


def test_it_shows_where_the_code_broke(shell: Shell) -> None:
    job = factories.dead_job()
    factories.attempt(job, outcome="failed", traceback="Traceback: token=abcdefgh in line 7")

    shell("jobs", "show", str(job.id))

    assert "Traceback of run 1" in shell.out
    assert "abcdefgh" not in shell.out


def test_it_counts_dead_ones_by_cause(shell: Shell) -> None:
    factories.dead_job()
    factories.dead_job(None, kind="tidy")

    assert shell("jobs", "dead", "--json") == 0

    assert {(one["entity"], one["kind"], one["jobs"]) for one in shell.json} == {
        ("shop.gadgets", "sync", 1),
        (None, "tidy", 1),
    }


def test_it_shows_what_was_said_to_far_ends(shell: Shell) -> None:
    job = factories.dead_job()
    factories.exchange(job)

    assert shell("jobs", "show", str(job.pk)) == 0

    assert "Run 1: POST http://shop.test/things {'page': '0'} -> 400 (12 ms)" in shell.out
    assert "no such lamp" in shell.out
    assert "  > Accept: application/json" in shell.out
    assert shell("jobs", "show", str(job.pk), "--json") == 0
    assert [one["sent_headers"]["Authorization"] for one in shell.json["exchanges"]] == ["***"]
