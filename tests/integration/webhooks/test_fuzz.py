"""Whatever a far end sends, signed: it is refused and leaves nothing, or is taken in, worked and counted."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.models import Change, FailedRecord, Inbound, Job, Record, Tracker
from tests.farend import FarEnd
from tests.integration.pipeline.odd_rows import odd_names, odd_rows, values
from tests.integration.webhooks.conftest import run_waiting
from tests.webhooks import GADGETS, NOTES, PARTS, send

pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
SHORT = settings(max_examples=15, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(SHORT, max_examples=1_000, derandomize=False)
ROWS = ("inserted", "updated", "skipped", "failed", "pending", "deleted")
example = itertools.count(1)

moments = st.sampled_from(
    [
        '"2026-01-01T00:00:00Z"',
        "1767225600",
        "1767225600000",
        '"9999-12-31T23:59:59Z"',
        '"yesterday"',
        "-1",
        "1e400",
    ]
)
members = st.fixed_dictionaries(
    {},
    optional={
        '"id"': st.integers(1, 5).map(str) | values,
        '"at"': moments | values,
        '"event"': st.sampled_from(['"deleted"', '"changed"']) | values,
        '"gadget"': odd_rows().map(lambda row: row.decode("utf-8", "surrogateescape")) | values,
        '"part"': st.integers(1, 5).map(lambda number: json.dumps({"id": number, "gadget": number, "of": 3}))
        | values,
    },
)
more = st.dictionaries(odd_names, values, max_size=1)


def _object(drawn: dict[str, str]) -> str:
    return "{" + ", ".join(f"{name}: {value}" for name, value in drawn.items()) + "}"


events = st.builds(lambda one, other: _object({**one, **other}), members, more)
many = st.lists(events | values, max_size=4).map(lambda found: '{"events": [' + ", ".join(found) + "]}")
bodies = (events | many | values).map(lambda text: text.encode("utf-8", "surrogateescape"))
bodies |= st.binary(max_size=60)
deliveries = st.lists(st.tuples(st.sampled_from([GADGETS, PARTS, NOTES]), bodies), min_size=1, max_size=6)


@given(deliveries)
@SHORT
def test_any_body(shop: FarEnd, deliveries: list[tuple[str, bytes]]) -> None:
    any_body(shop, deliveries)


@pytest.mark.long
@pytest.mark.timeout(3_000)
@given(deliveries)
@LONG
def test_any_body_at_length(shop: FarEnd, deliveries: list[tuple[str, bytes]]) -> None:
    any_body(shop, deliveries)


def any_body(shop: FarEnd, deliveries: list[tuple[str, bytes]]) -> None:
    """Every delivery is answered; those taken in are worked off, each of their events in one count."""
    number = next(example)
    taken: list[str] = []
    for place, (door, body) in enumerate(deliveries):
        name = f"delivery-{number}-{place}"
        answer = send(door, body, delivery=name)
        assert answer.status_code in (200, 202, 400), answer.content
        if answer.status_code == 400:
            assert answer.json()["message"]
        else:
            taken.append(name)
    for kind in ("webhook", "refresh", "wake"):
        run_waiting(kind)

    told = Inbound.objects.filter(delivery_id__startswith=f"delivery-{number}-")
    assert sorted(told.values_list("delivery_id", flat=True)) == sorted(taken)
    for delivery in told:
        assert delivery.state == Inbound.State.DONE
        assert sum(_counts(delivery, *ROWS)) == delivery.told["rows"] + delivery.told["deletes"]
        assert sum(_counts(delivery, "asked_for")) == delivery.told["keys"]
    assert not Job.objects.exclude(status=Job.Status.SUCCESS).exists()
    _nothing_is_half_done()


def _counts(delivery: Inbound, *names: str) -> list[int]:
    result: dict[str, Any] = delivery.result or {}
    return [result.get(name, 0) for name in names]


def _nothing_is_half_done() -> None:
    for tracker in Tracker.objects.filter(entity__path__in=("shop.gadgets", "shop.parts", "shop.notes")):
        live = Record.objects.filter(entity_id=tracker.entity_id, deleted_at=None)
        assert tracker.live_rows == live.count()
        changes = Change.objects.filter(entity_id=tracker.entity_id).values_list("first_seq", "last_seq")
        assert tracker.feed_seq == sum(last - first + 1 for first, last in changes)
    assert all(failure.message for failure in FailedRecord.objects.filter(state="open"))
