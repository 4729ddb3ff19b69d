"""Failed records mended with any JSON and run again: each lands or stays open, is counted, and nothing is half done."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.auth import mint
from sync import failures
from sync.audit import Actor
from sync.models import Change, FailedRecord, Job, Record, Tracker
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run_waiting, sync
from tests.integration.pipeline.odd_rows import NAMES
from tests.integration.pipeline.odd_rows import values as tokens

pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
SHORT = settings(max_examples=15, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(SHORT, max_examples=500, derandomize=False)
GADGETS = "shop.gadgets"
PARTS_OF_IT = ("inserted", "updated", "skipped", "failed", "pending")
BROKEN: list[dict[str, Any]] = [
    {"price": "many"},  # in normalize: mended by the far end's names
    {"name": "x" * 41},  # in validate: mended by ours
    {"id": None},  # without a key
    {"name": "x" * 41, "maker": 99},
]
example = itertools.count(1)

texts = st.text(max_size=10) | st.sampled_from(
    ["9.99", "Lamp", "2026-01-01T00:00:00Z", "1e400", "x\x00", " ", "7"]
)
plain = st.none() | st.booleans() | st.integers() | st.floats() | texts
anything = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)
names = st.sampled_from([*NAMES, "changed", "title", "extra", "ID"]) | texts
mends = st.lists(
    st.tuples(st.integers(0, len(BROKEN) - 1), st.dictionaries(names, anything, max_size=3)),
    min_size=1,
    max_size=4,
)
bodies = (
    st.binary(max_size=40) | tokens.map(str.encode) | anything.map(lambda value: json.dumps(value).encode())
)


@given(mends, bodies)
@SHORT
def test_any_mend(far_end: FarEnd, mends: list[tuple[int, dict[str, Any]]], body: bytes) -> None:
    any_mend(far_end, mends, body)


@pytest.mark.long
@pytest.mark.timeout(3_000)
@given(mends, bodies)
@LONG
def test_any_mend_at_length(far_end: FarEnd, mends: list[tuple[int, dict[str, Any]]], body: bytes) -> None:
    any_mend(far_end, mends, body)


def any_mend(far_end: FarEnd, mends: list[tuple[int, dict[str, Any]]], body: bytes) -> None:
    """Mend by PATCH, then run all again: a record that is fixed landed or waits, any other says why it did not."""
    first = next(example) * 10
    broken = [gadget(first + place, **values) for place, values in enumerate(BROKEN)]
    far_end.set("gadgets", gadget(first + 9), *broken)
    sync(GADGETS, since="0001-01-01T00:00:00Z")
    failed = list(FailedRecord.objects.filter(state="open").order_by("id"))
    client = Client(
        headers={"authorization": f"Bearer {mint('carol', ('read', 'operate'), timedelta(minutes=5))}"}
    )
    for place, data in mends:
        patch(client, failed[place % len(failed)], json.dumps({"data": data}).encode())
    patch(client, failed[0], body)

    jobs = failures.retry_many([one.id for one in failed], by=Actor("carol", "api"))
    run_waiting("replay")

    for job in jobs:
        job.refresh_from_db()
        counts = job.result or {}
        assert job.status == Job.Status.SUCCESS
        assert counts["rows_fetched"] == len(failed) == sum(counts.get(part, 0) for part in PARTS_OF_IT)
        again = FailedRecord.objects.filter(id__in=[one.id for one in failed], state="open")
        assert counts.get("failed", 0) == again.count()
    _nothing_is_half_done(failed)
    for one in FailedRecord.objects.filter(state="open"):
        failures.discard(one.id, by=Actor("carol", "api"))


def patch(client: Client, failed: FailedRecord, body: bytes) -> None:
    """An answer that says what is wrong, or the record with its mend."""
    answer = client.patch(f"/api/v1/failed-records/{failed.id}", body, content_type="application/json")
    assert answer.status_code in (200, 400), answer.content
    assert answer.status_code == 200 or answer.json()["message"]
    assert client.get(f"/api/v1/failed-records/{failed.id}").status_code == 200


def _nothing_is_half_done(failed: list[FailedRecord]) -> None:
    for one in FailedRecord.objects.filter(id__in=[one.id for one in failed]):
        landed = one.key_hash and Record.objects.filter(entity__path=GADGETS, key_hash=one.key_hash).exists()
        if one.state == FailedRecord.State.FIXED:
            assert landed or one.remark
        else:
            assert one.message
            assert one.errors
    tracker = Tracker.objects.get(entity__path=GADGETS)
    assert tracker.live_rows == Record.objects.filter(entity__path=GADGETS, deleted_at=None).count()
    changes = Change.objects.filter(entity__path=GADGETS).values_list("first_seq", "last_seq")
    assert tracker.feed_seq == sum(last - first + 1 for first, last in changes)
