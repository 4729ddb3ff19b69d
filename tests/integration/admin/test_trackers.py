"""The trackers page: the state of each entity; pause and resume."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client

from sync.models import AuditEntry, Tracker
from tests import factories
from tests.integration.admin.pages import main_text, page, text

TRACKERS = "sync_tracker_changelist"
SENT = {"_form_submitted": "True"}


def tracker(path: str = "shop.gadgets") -> Tracker:
    return Tracker.objects.get(entity__path=path)


def test_it_shows_how_each_entity_stands(viewing: Client) -> None:
    factories.record()
    factories.failed_record()
    factories.failed_record(state="fixed")
    factories.pending_child()
    factories.dead_job()
    factories.job(status="success")
    Tracker.objects.filter(entity__path="shop.gadgets").update(
        watermark="2025-11-21T09:00:00Z",
        last_sync_at=factories.now() - timedelta(minutes=3),
        fresh_to=factories.now() - timedelta(minutes=4),
    )

    shown = main_text(viewing.get(page(TRACKERS)))

    assert "shop.gadgets active success 1 1 1 3 min ago 4 min ago 2025-11-21T09:00:00Z" in shown


def test_an_operator_finds_the_way_to_a_sync_of_it(operating: Client, viewing: Client) -> None:
    link = page("sync_now") + "?entity=shop.gadgets"

    assert link in operating.get(page(TRACKERS)).content.decode()
    assert link not in viewing.get(page(TRACKERS)).content.decode()


def test_pause_and_resume(operating: Client) -> None:
    pk = tracker().pk

    operating.post(page("sync_tracker_pause_one", pk), {**SENT, "remark": "the far end moves"})
    assert (tracker().state, tracker().remark) == ("paused", "the far end moves")

    operating.post(page("sync_tracker_resume_one", pk), SENT)
    assert tracker().state == "active"
    assert set(AuditEntry.objects.values_list("act", "object_id")) == {
        ("entity.pause", "shop.gadgets"),
        ("entity.resume", "shop.gadgets"),
    }


def test_pausing_twice_is_told(operating: Client) -> None:
    path = page("sync_tracker_pause_one", tracker().pk)
    operating.post(path, SENT)

    assert "shop.gadgets is paused already." in text(operating.post(path, SENT, follow=True))


def test_a_viewer_may_not_pause(viewing: Client) -> None:
    assert viewing.post(page("sync_tracker_pause_one", tracker().pk), SENT).status_code == 403
    assert tracker().state == "active"


def test_it_says_why_deletes_are_held_back(viewing: Client) -> None:
    held = {"deletes_held": "Its last page was not reached.", "deletes_held_since": factories.now()}
    Tracker.objects.filter(entity__path="shop.gadgets").update(**held)

    assert "held back" in main_text(viewing.get(page(TRACKERS)))
    assert "Its last page was not reached. Since" in text(
        viewing.get(page("sync_tracker_change", tracker().pk))
    )
