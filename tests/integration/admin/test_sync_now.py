"""Sync now: from the form to the job's page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sync.models import AuditEntry, Job
from sync.registry import registry
from tests import factories
from tests.integration.admin.pages import main_text, page, text


def ask(client: Client, **form: str) -> Any:
    return client.post(page("sync_now"), {"entity": "shop.gadgets", **form}, follow=True)


def test_it_enqueues_and_leads_to_the_job(operating: Client) -> None:
    answer = ask(operating, reason="a row is missing")

    job = Job.objects.get()
    assert answer.redirect_chain == [(page("sync_job_change", job.pk), 302)]
    assert (job.kind, job.requested_by, job.params) == ("sync", "olga", {})
    assert job.entity is not None
    assert job.entity.path == "shop.gadgets"
    entry = AuditEntry.objects.get(act="sync.start")
    assert (entry.object_id, entry.reason) == (str(job.pk), "a row is missing")


def test_since_is_taken_as_the_entitys_cursor_writes_it(operating: Client) -> None:
    ask(operating, since="2025-12-08 10:30")

    assert Job.objects.get().params == {"since": "2025-12-08T10:30:00Z"}


def test_full_reads_everything(operating: Client) -> None:
    ask(operating, full="on")

    assert Job.objects.get().params == {"full": True}


def test_the_same_twice_joins_the_first(operating: Client) -> None:
    ask(operating)

    assert "The same is under way already" in text(ask(operating))
    assert Job.objects.count() == 1


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"since": "yesterday"}, "write a moment such as"),
        ({"since": "2099-01-01"}, "lies in the future"),
        ({"since": "2025-01-01", "full": "on"}, "not for both"),
        ({"entity": "shop.parts", "since": "2025-01-01"}, "has no cursor"),
        ({"entity": "shop.nothing"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_asked_is_said_at_the_field(
    operating: Client, form: dict[str, str], words: str
) -> None:
    assert words in text(ask(operating, **form))
    assert not Job.objects.exists()


def test_every_declared_entity_can_be_chosen(operating: Client) -> None:
    choices = dict(operating.get(page("sync_now")).context["form"].fields["entity"].choices)

    assert {registered.path for registered in registry} == set(choices)


def test_a_viewer_may_not_ask(viewing: Client) -> None:
    assert viewing.get(page("sync_now")).status_code == 403
    assert viewing.post(page("sync_now"), {"entity": "shop.gadgets"}).status_code == 403
    assert not Job.objects.exists()


def test_a_dry_run_leads_to_its_job(operating: Client) -> None:
    answer = operating.post(page("sync_now"), {"entity": "shop.gadgets", "full": "on", "dry_run": "on"})

    job = Job.objects.get()
    assert answer.headers["Location"] == page("sync_job_change", job.id)
    assert (job.kind, job.params) == ("dry_run", {"full": True})


def test_the_report_of_a_dry_run_is_on_its_jobs_page(viewing: Client) -> None:
    diff = {"key": "7", "op": "update", "fields": {"name": {"before": "Lamp", "after": "Lantern"}}}
    fault = {
        "row": '{"id": 8}',
        "stage": "validate",
        "code": "required",
        "field": "name",
        "message": "No name.",
    }
    report = {
        "full": True,
        "since": None,
        "pages": 3,
        "complete": False,
        "stopped": None,
        "drift": ["'colour' is new."],
        "counts": {"rows_fetched": 2, "updated": 1, "failed": 1},
        "diffs": [diff],
        "more_diffs": 4,
        "faults": [fault],
        "more_faults": 0,
        "would_wake": 5,
        "deletes": {"count": 9, "would": "propose", "sample": ["1", "2"], "why_not": None},
        "deliveries": {"schedulehub": {"create": 0, "update": 1, "waiting": 0, "unchanged": 0}},
    }
    job = factories.job(kind="dry_run", status="success", result=report)

    shown = main_text(viewing.get(page("sync_job_change", job.id)))

    for words in (
        "Dry run: everything, 3 pages, there is more; nothing was written",
        "7 name Lamp Lantern",
        "1, 4 more not shown",
        'validate required No name. {"id": 8}',
        "9 would be proposed to a person, such as 1, 2",
        "schedulehub 0 1 0 0",
        "'colour' is new.",
    ):
        assert words in shown
