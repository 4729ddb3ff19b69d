"""The page of workers."""

from __future__ import annotations

import re

from django.test import Client

from sync.jobs import fleet
from sync.models import AuditEntry, Worker
from tests import factories
from tests.integration.admin.pages import main_text, page, text

SENT = {"_form_submitted": "True"}


def test_who_lives_is_listed(viewing: Client) -> None:
    factories.worker()

    shown = main_text(viewing.get(page("sync_worker_changelist")))

    assert "vm:7:a takes jobs 0.1 sync all 0" in shown
    assert re.search(r"all 0 \S+ s ago \S+ s ago", shown)  # a moment as everywhere else
    one = main_text(viewing.get(page("sync_worker_change", "vm:7:a")))
    assert re.search(r"Started [-\d]{10} [:\d]{8} UTC", one)


def test_an_operator_drains_and_resumes_one(operating: Client) -> None:
    factories.worker()

    operating.post(page("sync_worker_drain_one", "vm:7:a"), {**SENT, "remark": "a deploy"})
    assert Worker.objects.get().draining_since
    assert "drained" in main_text(operating.get(page("sync_worker_changelist")))
    operating.post(page("sync_worker_resume_one", "vm:7:a"), {**SENT, "remark": "it is out"})

    assert Worker.objects.get().draining_since is None
    told = AuditEntry.objects.order_by("id").values_list("act", "object_id", "reason")
    assert list(told) == [("fleet.drain", "vm:7:a", "a deploy"), ("fleet.resume", "vm:7:a", "it is out")]


def test_an_operator_drains_and_resumes_all(operating: Client) -> None:
    factories.worker()
    workers = page("sync_worker_changelist")
    offered = operating.get(workers).content.decode()
    assert page("sync_worker_drain_all") in offered
    assert page("sync_worker_resume_all") not in offered

    operating.post(page("sync_worker_drain_all"), {**SENT, "remark": "a deploy"})

    shown = operating.get(workers)
    assert "by olga: a deploy." in text(shown)
    assert page("sync_worker_drain_all") not in shown.content.decode()
    assert page("sync_worker_drain_one", "vm:7:a") not in operating.get(
        page("sync_worker_change", "vm:7:a")
    ).content.decode().replace("_3A", ":")
    operating.post(page("sync_worker_resume_all"), {**SENT, "remark": "it is out"})
    assert fleet.state()["draining_since"] is None
    told = AuditEntry.objects.order_by("id").values_list("act", "object_id", "reason")
    assert list(told) == [("fleet.drain", "all", "a deploy"), ("fleet.resume", "all", "it is out")]


def test_who_only_looks_drains_nothing(viewing: Client) -> None:
    factories.worker()

    viewing.post(page("sync_worker_drain_one", "vm:7:a"), {**SENT, "remark": ""})
    viewing.post(page("sync_worker_drain_all"), {**SENT, "remark": ""})

    assert Worker.objects.get().draining_since is None
    assert fleet.state()["draining_since"] is None
