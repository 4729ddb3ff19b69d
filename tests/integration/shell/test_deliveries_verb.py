"""`bridge deliveries`: what targets refused, and sending it again."""

from __future__ import annotations

from sync.models import AuditEntry, Delivery, Job
from tests import factories
from tests.integration.shell.conftest import Shell


def test_it_shows_what_was_refused_and_what_got_no_answer(shell: Shell) -> None:
    factories.delivery("apismith.items")
    factories.delivery(
        "apismith.items", state="unknown", answer={"message": "It hung up."}, code="not_answered"
    )
    factories.delivery("apismith.items", state="acked", remote_id="99")

    assert shell("deliveries") == 0

    assert "items 17 is being edited by a planner." in shell.out
    assert "It hung up." in shell.out
    assert "99" not in shell.out


def test_all_of_one_cause_are_sent_again(shell: Shell) -> None:
    locked = [factories.delivery("apismith.items") for _ in range(3)]
    other = factories.delivery("apismith.items", code="BAD_ROW", answer={"status": 422})
    lost = factories.delivery("apismith.orders", state="unknown", answer=None, code="LOCKED")

    assert shell("deliveries", "retry", "schedulehub", "--code", "LOCKED", "--reason", "unlocked") == 0

    states = dict(Delivery.objects.values_list("pk", "state"))
    assert {states[row.pk] for row in locked} == {"waiting"}
    assert (states[other.pk], states[lost.pk]) == ("refused", "unknown")
    assert Job.objects.filter(kind="push").count() == 2
    assert "3 of apismith.items are sent again" in shell.out
    told = AuditEntry.objects.filter(act="delivery.retry_many").values_list("object_id", "reason")
    assert sorted(told) == [("apismith.items", "unlocked"), ("apismith.orders", "unlocked")]


def test_one_is_sent_again(shell: Shell) -> None:
    delivery = factories.delivery("apismith.items", id=1_000_001)

    assert shell("deliveries", "retry", "--id", str(delivery.pk), "--json") == 0

    assert shell.json == {"job": str(Job.objects.get().pk)}


def test_it_wants_to_know_the_target(shell: Shell) -> None:
    assert shell("deliveries", "retry") == 2
    assert "Name the target" in shell.err


def test_where_nothing_was_refused_it_says_so(shell: Shell) -> None:
    assert shell("deliveries", "retry", "schedulehub") == 0
    assert "Nothing to send again." in shell.out
