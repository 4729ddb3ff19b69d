"""What holds for every page: who may see it, what it costs, and that it needs nobody else's server."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.contrib.admin import site as django_site
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from admin_ui.site import site
from sync.jobs.enqueue import enqueue
from tests import factories
from tests.integration.admin.pages import LISTS, page, text

QUERIES_OF_EVERY_PAGE = 9
"""Session, user, two of permissions, five of the menu's badges."""
QUERIES = {
    "jobs": 2,
    "failed records": 2,
    "error groups": 2,
    "backfills": 4,
    "batches": 2,
    "lanes": 5,
    "limits": 6,
    "workers": 4,
    "commands": 2,
    "trackers": 2,
    "schedules": 2,
    "budgets": 3,
    "pending children": 2,
    "mappings": 2,
    "deletes": 2,
    "records": 2,
    "webhooks": 2,
    "drift": 2,
    "audit": 2,
}
"""Of the list itself: the count and the rows, however many rows there are."""


def fill(rows: int) -> None:
    for number in range(rows):
        job = factories.dead_job()
        factories.event(job, "progress", total=100)
        factories.batch(job)
        factories.failed_record()
        factories.error_group()
        factories.pending_child(key_hash=uuid4())
        factories.delete_proposal(state="rejected")
        factories.backfill()
        factories.record(data={"id": number, "name": f"Lamp {number}"})
        factories.schedule(f"test {number}")
        factories.source_column(name=f"column {number}")
        factories.inbound()
        factories.command()
        factories.audit_entry()
        factories.mapping()
        factories.worker(f"vm:{number}:a")
        for _ in range(2):
            enqueue("sync", requested_by="test", lanes=[f"shop.order:{number}"])


def address(name: str) -> str:
    return page(LISTS[name]) + ("?entity=shop.gadgets" if name == "records" else "")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_queries_whatever_its_length(viewing: Client, name: str) -> None:
    fill(3)
    viewing.get(address(name))

    with CaptureQueriesContext(
        connection,
    ) as few:
        viewing.get(address(name))
    fill_more = [factories.dead_job() for _ in range(5)]
    for job in fill_more:
        factories.batch(job)
        factories.failed_record()
        factories.error_group()
        factories.pending_child(key_hash=uuid4())
        factories.backfill()
        factories.audit_entry()
    with CaptureQueriesContext(connection) as more:
        viewing.get(address(name))

    assert len(more) == len(few) == QUERIES_OF_EVERY_PAGE + QUERIES[name], few.captured_queries


@pytest.mark.parametrize("name", LISTS)
def test_a_list_shows_its_rows_to_a_viewer(viewing: Client, name: str) -> None:
    fill(1)

    response = viewing.get(address(name))

    assert response.status_code == 200
    assert "Nothing here" not in text(response)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_refused_without_the_permission_to_view_it(db: None, name: str) -> None:
    client = Client(headers={"accept": "text/html"})
    client.force_login(factories.stranger())

    assert client.get(address(name)).status_code == 403


@pytest.mark.parametrize("name", LISTS)
def test_nobody_comes_in_without_login(db: None, name: str) -> None:
    response = Client().get(address(name))

    assert response.status_code == 302
    assert "/login/" in response["Location"]


@pytest.mark.parametrize("name", LISTS)
def test_an_act_posted_by_a_viewer_is_refused(viewing: Client, name: str) -> None:
    act = {"action": "retry_many", "_selected_action": ["1"], "_form_submitted": "True"}

    answer = viewing.post(address(name), act)

    assert answer.status_code == 403
    assert answer["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("name", [*LISTS, "dashboard", "sync now"])
def test_a_page_asks_no_other_host(operating: Client, name: str) -> None:
    fill(1)
    own = {"dashboard": page("index"), "sync now": page("sync_now")}

    html = operating.get(own[name] if name in own else address(name)).content.decode()

    loaded = re.findall(r"""(?:src|href|action|hx-get|hx-post)=["']?((?:https?:)?//[^"'> ]+)""", html)
    assert [url for url in loaded if "//testserver/" not in url] == []
    assert re.findall(r"url\((?:https?:)?//|@import", html) == []


def test_every_detail_page_opens(viewing: Client) -> None:
    job = factories.dead_job()
    factories.attempt(job, outcome="failed", finished_at=factories.now())
    record = factories.record()
    details = [
        ("sync_job_change", job.pk),
        ("sync_batch_change", factories.batch(job).pk),
        ("sync_failedrecord_change", factories.failed_record().pk),
        ("sync_pendingchild_change", factories.pending_child().pk),
        ("sync_schedule_change", factories.schedule().pk),
        ("sync_tracker_change", record.entity_id),
        ("sync_recordrow_change", f"{record.entity_id}~{record.key_hash}"),
        ("sync_backfill_change", factories.backfill().pk),
        ("sync_mapping_change", factories.mapping().pk),
        ("sync_auditentry_change", factories.audit_entry().pk),
    ]

    answers = {name: viewing.get(page(name, key)).status_code for name, key in details}

    assert set(answers.values()) == {200}, answers


def test_what_is_not_there_leads_back_to_the_start(viewing: Client) -> None:
    response = viewing.get(page("sync_job_change", uuid4()))

    assert response.status_code == 302


def test_only_our_pages_are_on_the_site(db: None) -> None:
    labels = {model._meta.app_label for model in site._registry}

    assert labels == {"sync", "auth"}
    assert {model._meta.app_label for model in django_site._registry} <= {"auth"}  # not served
