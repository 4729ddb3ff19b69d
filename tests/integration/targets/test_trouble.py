"""A target that answers badly, late or not at all: nothing twice, nothing lost, its words kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.systems.apismith import entities
from sync.declare import Push
from sync.errors import ConfigError, TransientError
from sync.models import Delivery, DeliveryCount, Job, TargetCursor
from sync.registry import Registered, registry
from tests import sandboxed
from tests.integration.targets.conftest import Hub, push, run_again, sync

State = Delivery.State


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Items go by POST, PATCH and DELETE."""
    declared: Push = replace(entities.items.targets[0], batch=1)
    known = registry.find("apismith.items")
    single = Registered(known.system, replace(known.entity, targets=(declared,)))
    monkeypatch.setitem(registry._entities, "apismith.items", single)
    monkeypatch.setattr(registry, "find", _finding(registry.find, single))


def _finding(find: object, single: Registered) -> object:
    return lambda name: single if name == single.path else find(name)  # type: ignore[operator]


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for state in Delivery.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def failing_push(code: str) -> Job:
    with pytest.raises(TransientError) as caught:
        push()
    assert caught.value.code == code
    job = Job.objects.filter(kind="push").latest("id")
    Job.objects.filter(pk=job.pk).update(status=Job.Status.PENDING, fence=job.fence + 1)
    return job


def test_an_answer_that_is_lost_leads_to_a_look_before_sending_again(hub: Hub) -> None:
    sync("apismith.items")
    hub.mood("lost", times=1)
    job = failing_push("far_end_unreachable")
    assert states() == {State.UNKNOWN: 77}

    counts = run_again(job).result or {}

    assert len(hub.rows("items")) == 77
    assert states() == {State.ACKED: 77}
    assert counts["inserted"] == 77
    assert hub.asked("POST") == ["POST /items/batch", "POST /items/lookup"]


def test_a_target_that_must_not_be_asked_leaves_nothing_in_doubt(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync("apismith.items")
    monkeypatch.setenv("SCHEDULEHUB_PRIVATE", "false")

    with pytest.raises(ConfigError) as caught:
        push()

    assert caught.value.code == "private_address"
    assert hub.asked("POST") == []
    assert State.UNKNOWN not in states()


def test_a_request_that_never_took_effect_is_sent_again(hub: Hub) -> None:
    sync("apismith.items")
    hub.mood("down", times=1)
    job = failing_push("far_end_unreachable")

    run_again(job)

    assert len(hub.rows("items")) == 77


@pytest.mark.parametrize(("mood", "state"), [("429", State.WAITING), ("500", State.UNKNOWN)])
def test_trouble_is_retried(hub: Hub, mood: str, state: str) -> None:
    sync("apismith.items")
    hub.mood(mood, times=1)
    job = failing_push({"429": "rate_limited", "500": "far_end_error"}[mood])
    assert states() == {state: 77}

    run_again(job)

    assert (len(hub.rows("items")), states()) == (77, {State.ACKED: 77})


def test_rows_that_are_there_already_are_found_and_updated(hub: Hub) -> None:
    sync("apismith.items")
    push()
    Delivery.objects.all().delete()  # as after a restored backup
    Job.objects.all().delete()
    hub.change("items/1", '{"UNIT_PRICE": 19.90}')
    _from_the_beginning()
    sync("apismith.items")

    counts = push()

    assert (counts["conflicts"], counts["updated"], len(hub.rows("items"))) == (77, 77, 77)
    assert all(hub_id for hub_id in Delivery.objects.values_list("remote_id", flat=True))


def test_an_idempotent_target_gets_no_second_row_either(hub: Hub) -> None:
    sync("apismith.items")
    push()
    Delivery.objects.all().delete()
    hub.mood("idempotent")
    hub.change("items/1", '{"UNIT_PRICE": 19.90}')
    _from_the_beginning()
    sync("apismith.items")

    push()

    assert (len(hub.rows("items")), states()) == (77, {State.ACKED: 77})


def test_a_conflict_that_stays_is_refused_in_the_targets_words(hub: Hub) -> None:
    sync("apismith.items")
    push()
    _lock(hub, "1")
    hub.change("items/1", '{"UNIT_PRICE": 19.90}')
    sync("apismith.items")

    counts = push()

    refused = Delivery.objects.get(state=State.REFUSED)
    assert (counts["conflicts"], counts["failed"]) == (1, 1)
    assert (refused.code, refused.remote_id is not None) == ("LOCKED", True)
    assert "edited by a planner" in (refused.answer or {})["message"]
    assert hub.asked("POST")[-3:] == ["POST /items/batch", "POST /items/lookup", "POST /items/batch"]
    counts_beside = DeliveryCount.objects.order_by("-batch_id").first()
    assert counts_beside
    assert (counts_beside.conflicts, counts_beside.failed) == (1, 1)


def test_a_row_that_vanished_at_the_target_is_made_again(hub: Hub) -> None:
    sync("apismith.items")
    push()
    remote = next(row["id"] for row in hub.rows("items") if row["item_number"] == "1")
    sandboxed.delete(hub.sandbox, f"schedulehub/items/{remote}")
    hub.change("items/1", '{"UNIT_PRICE": 19.90}')
    sync("apismith.items")

    push()

    assert len(hub.rows("items")) == 77


def test_rows_go_one_by_one_where_the_target_wants_it(hub: Hub, one_by_one: None) -> None:
    sync("apismith.items")
    push()
    hub.change("items/1", '{"UNIT_PRICE": 19.90}')
    sync("apismith.items")
    push()

    remote = next(row["id"] for row in hub.rows("items") if row["item_number"] == "1")
    assert hub.asked("POST") == ["POST /items"] * 77
    assert hub.asked("PATCH") == [f"PATCH /items/{remote}"]


def test_what_was_answered_before_trouble_stays_answered(hub: Hub, one_by_one: None) -> None:
    sync("apismith.items")
    hub.mood("ok")
    original = hub.sandbox.systems["schedulehub"].far_end.answer
    seen: list[int] = []

    def failing(request: object, spoil: object) -> object:
        seen.append(1)
        if len(seen) == 11:
            hub.mood("down", times=1)
        return original(request, spoil)  # type: ignore[arg-type]

    hub.sandbox.systems["schedulehub"].far_end.answer = failing  # type: ignore[method-assign,assignment]
    Job.objects.filter(kind="push").update(deaths=2)
    job = failing_push("far_end_unreachable")
    job.refresh_from_db()
    assert states() == {State.ACKED: 11, State.UNKNOWN: 1, State.WAITING: 65}
    assert job.deaths == 0  # what was answered is committed: a third death is no third one in a row

    run_again(job)

    assert (len(hub.rows("items")), states()) == (77, {State.ACKED: 77})


def _lock(hub: Hub, item: str) -> None:
    remote = next(row["id"] for row in hub.rows("items") if row["item_number"] == item)
    sandboxed.change(hub.sandbox, f"schedulehub/items/{remote}", '{"locked": true}')


def _from_the_beginning() -> None:
    TargetCursor.objects.all().delete()
