"""The pages of limits and lanes."""

from __future__ import annotations

import re

from django.contrib.admin.utils import quote
from django.test import Client

from sync.audit import Actor
from sync.jobs import pauses
from sync.jobs.enqueue import enqueue
from sync.models import AuditEntry, Job, ScopeLimit
from tests import factories
from tests.integration.admin.pages import main_text, page, text

SENT = {"_form_submitted": "True"}
SCOPE = "entity:shop.gadgets"


def limit(scope: str = SCOPE) -> ScopeLimit:
    return ScopeLimit.objects.get(scope=scope)


def test_limits_show_their_use_and_have_no_backfills(viewing: Client) -> None:
    ScopeLimit.objects.create(scope="backfill:1", most=2)
    enqueue("sync", requested_by="test", scopes=[SCOPE])

    shown = main_text(viewing.get(page("sync_scopelimit_changelist")))

    assert f"{SCOPE} active 1 1 0" in shown
    assert "system:shop active no limit 0 0" in shown
    assert "backfill:" not in shown


def test_an_operator_sets_pauses_and_resumes(operating: Client) -> None:
    operating.post(page("sync_scopelimit_set_one", SCOPE), {**SENT, "most": "7", "remark": "a new server"})
    assert limit().most == 7
    operating.post(page("sync_scopelimit_set_one", "system:shop"), {**SENT, "most": "2"})
    operating.post(page("sync_scopelimit_set_one", "system:shop"), SENT)
    assert limit("system:shop").most is None
    operating.post(page("sync_scopelimit_set_one", SCOPE), SENT)
    assert "from 1 to 1000" in text(operating.get(page("sync_scopelimit_changelist")))
    operating.post(page("sync_scopelimit_pause_one", SCOPE), {**SENT, "remark": "moves house"})
    assert "shop.gadgets paused" in main_text(operating.get(page("sync_tracker_changelist")))
    operating.post(page("sync_scopelimit_resume_one", SCOPE), {**SENT, "remark": "it has moved"})
    assert pauses.in_force() == []

    told = AuditEntry.objects.order_by("id").values_list("act", "object_id", "reason")
    assert list(told) == [
        ("limit.change", SCOPE, "a new server"),
        ("limit.change", "system:shop", None),
        ("limit.change", "system:shop", None),
        ("limit.change", SCOPE, "moves house"),
        ("entity.resume", SCOPE.removeprefix("entity:"), "it has moved"),
    ]
    shown = operating.get(page("sync_scopelimit_change", SCOPE))
    assert "At once 7" in main_text(shown)


def test_a_pause_is_shown_with_who_and_why_and_ends_here_whatever_its_door(operating: Client) -> None:
    pauses.pause("shop.gadgets", by=Actor("olga", "shell"), reason="they move house")
    pauses.pause("queue:sync", by=Actor("olga", "shell"))

    shown = main_text(operating.get(page("sync_scopelimit_changelist")))
    assert re.search(rf"{SCOPE} paused 1 0 0 \S+ \w+ ago by olga: they move house", shown)
    assert re.search(r"queue:sync paused no limit 0 0 \S+ \w+ ago by olga", shown)
    one = main_text(operating.get(page("sync_scopelimit_change", SCOPE)))
    assert "by olga: they move house" in one
    for scope in (SCOPE, "queue:sync"):
        operating.post(page("sync_scopelimit_resume_one", scope), SENT)

    assert pauses.in_force() == []


def test_the_lists_link_leads_to_a_page_with_buttons_that_work(operating: Client) -> None:
    link = page("sync_scopelimit_change", quote(SCOPE))
    assert f'href="{link}' in operating.get(page("sync_scopelimit_changelist")).content.decode()

    shown = operating.get(link).content.decode()
    for act in ("set", "pause"):
        assert page(f"sync_scopelimit_{act}_one", quote(SCOPE)) in shown
    operating.post(page("sync_scopelimit_set_one", quote(SCOPE)), {**SENT, "most": "3"})

    assert limit().most == 3


def test_who_only_looks_changes_nothing(viewing: Client) -> None:
    viewing.post(page("sync_scopelimit_set_one", SCOPE), {**SENT, "most": "3"})

    assert limit().most == 1


def test_a_lane_says_which_dead_job_stops_it(viewing: Client) -> None:
    first, second = (enqueue("sync", requested_by="test", lanes=["shop.order:1"]).job for _ in range(2))
    Job.objects.filter(pk=first.pk).update(status="failed", wakeup=None, finished_at=factories.now())

    shown = main_text(viewing.get(page("sync_lanerow_changelist")))
    assert "shop.order:1 stopped by a dead job 1" in shown
    assert f"Job {first.pk} (sync) is dead since" in shown

    enqueue("sync", requested_by="test", lanes=["shop.order:2"])
    enqueue("sync", requested_by="test", lanes=["shop.order:2"])
    assert "shop.order:2" in main_text(viewing.get(page("sync_lanerow_changelist")))
    dead = main_text(viewing.get(page("sync_lanerow_changelist"), {"standing": "dead"}))
    assert "shop.order:1" in dead
    assert "shop.order:2" not in dead
    lane = viewing.get(page("sync_lanerow_change", quote("shop.order:1")))
    assert str(second.pk) in main_text(lane)
    job = viewing.get(page("sync_job_change", second.pk))
    assert f"Lane shop.order:1: Job {first.pk}" in main_text(job)
