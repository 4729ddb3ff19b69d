"""A webhook and a poll report the same record: the newer one stands, whichever comes first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from sync import deletes
from sync.audit import Actor
from sync.models import (
    Change,
    DeleteProposal,
    FailedRecord,
    Inbound,
    Job,
    PendingChild,
    RecordVersion,
)
from tests.farend import FarEnd
from tests.integration.webhooks.conftest import (
    gadget_of,
    moment,
    name_of,
    run_waiting,
    stored,
    sync,
    tell,
    tell_key,
    tracker,
    work,
)
from tests.webhooks import NOTES, PARTS, send

OLD, NEW = gadget_of(1, 1, name="old"), gadget_of(1, 2, name="new")
OLGA = Actor("olga", "admin")


def told() -> dict[str, Any]:
    """What became of the newest delivery."""
    found = Inbound.objects.order_by("-id")[0]
    assert (found.state, found.body) == (Inbound.State.DONE, None)
    return dict(found.result or {})


def test_the_webhook_brings_a_record_before_any_poll(shop: FarEnd) -> None:
    assert tell(NEW).status_code == 202
    work()

    assert name_of(1) == "new"
    assert told() == {"inserted": 1}


def test_a_newer_webhook_wins_over_the_poll_before(shop: FarEnd) -> None:
    shop.set("gadgets", OLD)
    sync("shop.gadgets")

    tell(NEW)
    work()

    assert name_of(1) == "new"
    assert told() == {"updated": 1}


def test_an_older_webhook_that_comes_late_changes_nothing(shop: FarEnd) -> None:
    shop.set("gadgets", NEW)
    sync("shop.gadgets")
    before = Change.objects.count()

    tell(OLD)
    work()

    assert name_of(1) == "new"
    assert told() == {"skipped": 1}
    assert Change.objects.count() == before


def test_an_older_poll_that_comes_late_changes_nothing(shop: FarEnd) -> None:
    tell(NEW)
    work()
    shop.set("gadgets", OLD)

    sync("shop.gadgets")

    assert name_of(1) == "new"


@pytest.mark.parametrize("order", [(OLD, NEW), (NEW, OLD)])
def test_two_webhooks_in_any_order_leave_the_newer(shop: FarEnd, order: tuple[Any, Any]) -> None:
    for row in order:
        tell(row)
    work()

    assert name_of(1) == "new"


def test_the_same_record_from_both_is_written_once(shop: FarEnd) -> None:
    shop.set("gadgets", NEW)

    tell(NEW)
    work()
    counts = sync("shop.gadgets")

    found = stored("shop.gadgets", 1)
    assert found
    assert found.revision == 1
    assert counts["skipped"] == 1


def part(number: int, name: str, at: str) -> dict[str, Any]:
    return {"events": [{"event": "changed", "at": at, "id": number, "part": {"id": number, "name": name}}]}


def test_without_versions_the_later_moment_stands(shop: FarEnd) -> None:
    send(PARTS, part(1, "new", moment(-10)))
    work()
    send(PARTS, part(1, "old", moment(-20)))
    work()

    assert name_of(1, "shop.parts") == "new"
    assert told() == {"skipped": 1}


def test_without_versions_a_poll_asked_later_wins_over_a_webhook_that_was_late(shop: FarEnd) -> None:
    shop.set("parts", {"id": 1, "name": "polled"})
    sync("shop.parts")

    send(PARTS, part(1, "before", moment(-60)))
    work()

    assert name_of(1, "shop.parts") == "polled"


def test_without_versions_what_changed_back_is_not_undone_by_what_lay_between(shop: FarEnd) -> None:
    send(PARTS, part(1, "here", moment(-30)))
    work()
    send(PARTS, part(1, "here", moment(-10)))  # there and back again: this one came first
    work()

    send(PARTS, part(1, "there", moment(-20)))
    work()

    assert name_of(1, "shop.parts") == "here"


def meanwhile(shop: FarEnd, happens: Callable[[], Any]) -> None:
    """Let something happen while a page, asked for before, is still on its way."""

    def once(_: dict[str, str]) -> None:
        shop.on_page = None
        happens()
        work()
        connection.close()

    shop.on_page = once


def test_a_poll_on_its_way_does_not_bring_back_what_was(shop: FarEnd) -> None:
    shop.set("gadgets", OLD)
    meanwhile(shop, lambda: tell(NEW))

    sync("shop.gadgets")

    assert name_of(1) == "new"


def test_nor_without_versions(shop: FarEnd) -> None:
    shop.set("parts", {"id": 1, "name": "old"})
    meanwhile(shop, lambda: send(PARTS, part(1, "new", moment())))

    sync("shop.parts")

    assert name_of(1, "shop.parts") == "new"


def test_nor_a_record_that_was_deleted_meanwhile(shop: FarEnd) -> None:
    shop.set("gadgets", NEW)
    meanwhile(shop, lambda: tell_key(1, "deleted"))

    sync("shop.gadgets")

    assert name_of(1) is None


def test_a_clock_that_is_ahead_does_not_shut_out_polls(shop: FarEnd) -> None:
    send(PARTS, part(1, "ahead", moment(3600)))
    work()
    shop.set("parts", {"id": 1, "name": "polled"})

    sync("shop.parts")

    assert name_of(1, "shop.parts") == "polled"


def test_a_bad_row_becomes_a_failed_record(shop: FarEnd) -> None:
    tell(gadget_of(1, 2, price="many"))
    work()

    assert told() == {"failed": 1}
    assert FailedRecord.objects.get().code == "unreadable_number"
    tell(gadget_of(1, 3, price="5"))
    work()
    assert not FailedRecord.objects.filter(state="open").exists()


def test_a_row_waits_for_its_parent(shop: FarEnd) -> None:
    tell(gadget_of(1, 2, maker=9))
    work()

    assert told() == {"pending": 1}
    assert PendingChild.objects.count() == 1


def test_it_moves_neither_watermark_nor_freshness(shop: FarEnd) -> None:
    tell(NEW)
    work()

    found = tracker()
    assert (found.watermark, found.fresh_to, found.last_sync_at) == (None, None, None)
    assert (found.live_rows, found.feed_seq) == (1, 1)


def test_a_key_alone_leads_to_a_read_of_it(shop: FarEnd) -> None:
    shop.set("gadgets", NEW)

    answer = tell_key(1)
    run_waiting("refresh")

    assert answer.json()["keys"] == 1
    assert told() == {"asked_for": 1}
    assert name_of(1) == "new"
    assert [path for _, path, _ in shop.asked] == ["/gadgets/1"]


def test_a_read_that_began_before_the_key_came_is_not_relied_on(shop: FarEnd) -> None:
    tell_key(1)
    Job.objects.update(status=Job.Status.PROCESSING)

    tell_key(1)
    tell_key(1)

    assert Job.objects.filter(kind="refresh", status=Job.Status.PENDING).count() == 2


def test_a_key_that_is_waited_for_is_asked_for_once(shop: FarEnd) -> None:
    tell_key(1)
    tell_key(1)

    assert Job.objects.filter(kind="refresh").count() == 1


def test_the_source_that_reads_no_keys_reads_its_changes(shop: FarEnd) -> None:
    shop.set("notes", {"id": 5, "text": "hello"})

    send(NOTES, {"id": 5})
    run_waiting("refresh")

    assert stored("shop.notes", 5)


class TestDeletes:
    def test_a_delete_is_soft_and_keeps_the_version_before(self, shop: FarEnd) -> None:
        tell(NEW, at=moment(-20))
        work()

        tell_key(1, "deleted", at=moment(-10))
        work()

        found = stored("shop.gadgets", 1)
        assert found
        assert found.deleted_at
        assert told() == {"deleted": 1}
        assert RecordVersion.objects.get().data["name"] == "new"
        assert Change.objects.order_by("-last_seq")[0].op == "d"

    def test_a_delete_that_is_older_than_the_record_changes_nothing(self, shop: FarEnd) -> None:
        tell(NEW, at=moment(-10))
        work()

        tell_key(1, "deleted", at=moment(-20))
        work()

        assert name_of(1) == "new"
        assert told() == {"skipped": 1}

    def test_a_row_that_is_older_than_its_delete_does_not_bring_it_back(self, shop: FarEnd) -> None:
        tell(OLD, at=moment(-30))
        work()
        tell_key(1, "deleted", at=moment(-10))
        work()

        tell(NEW, at=moment(-20))
        work()

        assert name_of(1) is None

    def test_nor_where_the_delete_came_before_the_record_was_ever_here(self, shop: FarEnd) -> None:
        tell_key(1, "deleted", at=moment(-10))
        work()
        assert told() == {"skipped": 1}

        tell(NEW, at=moment(-20))
        work()

        assert name_of(1) is None
        assert not Change.objects.exists()

    def test_a_record_made_again_lives(self, shop: FarEnd) -> None:
        tell_key(1, "deleted", at=moment(-20))
        work()

        tell(NEW, at=moment(-10))
        work()

        assert name_of(1) == "new"
        assert tracker().live_rows == 1

    def test_a_poll_that_began_after_the_delete_brings_it_back(self, shop: FarEnd) -> None:
        tell_key(1, "deleted", at=moment(-20))
        work()

        sync("shop.gadgets")

        assert name_of(1) == "Gadget 1"

    def test_row_and_delete_in_one_body_are_settled_together(self, shop: FarEnd) -> None:
        one, two = part(1, "one", moment(-20))["events"][0], {"event": "deleted", "at": moment(), "id": 1}
        send(PARTS, {"events": [one, two]})
        work()

        assert name_of(1, "shop.parts") is None
        assert told() == {"inserted": 1, "deleted": 1}

    def test_it_is_undone_as_any_delete(self, shop: FarEnd) -> None:
        tell(NEW, at=moment(-20))
        tell_key(1, "deleted", at=moment(-10))
        work()
        proposal = DeleteProposal.objects.get()

        deletes.undo(proposal.id, by=OLGA)
        run_waiting("deletes")

        assert (proposal.state, proposal.decided_by, proposal.sample) == ("applied", "webhook", ["1"])
        assert name_of(1) == "new"
        assert tracker().live_rows == 1

    def test_what_failed_or_waits_of_it_is_over(self, shop: FarEnd) -> None:
        tell(gadget_of(1, 1, price="many"), at=moment(-20))
        tell(gadget_of(2, 1, maker=9), at=moment(-20))
        work()

        tell_key(1, "deleted")
        tell_key(2, "deleted")
        work()

        assert FailedRecord.objects.get().state == "superseded"
        assert not PendingChild.objects.exists()
