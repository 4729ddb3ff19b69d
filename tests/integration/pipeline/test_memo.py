"""The memo says what the mirror holds byte by byte, in whichever way it is asked."""

from __future__ import annotations

import pytest
import xxhash

from sync.models import Record, Tracker
from sync.pipeline import memo, memo_reading
from sync.pipeline.memo import Memo
from sync.schema import entity_id, leaf
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run, sync

GADGETS = "shop.gadgets"


@pytest.fixture
def hashes(far_end: FarEnd) -> list[bytes]:
    """Raw hashes of 40 records."""
    far_end.set("gadgets", *(gadget(number) for number in range(40)))
    sync(GADGETS)
    rows = Record.objects.filter(entity_id=entity_id(GADGETS))
    return [found.bytes for found in rows.values_list("raw_hash", flat=True)]


def test_it_knows_the_bytes_of_live_records(hashes: list[bytes]) -> None:
    other = xxhash.xxh3_128_digest(b"other")
    Record.objects.filter(raw_hash=hashes[3].hex()).update(deleted_at="2026-01-01T00:00Z")

    known = Memo(leaf(GADGETS), 39, whole=True).knows(b"".join([other, *hashes, hashes[0]]))

    assert known.tolist() == [False, True, True, True, False, *[True] * 37]


def test_it_reads_a_table_stretch_by_stretch(hashes: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    Record.objects.filter(entity_id=entity_id(GADGETS)).update(data={"name": "x" * 1500})
    monkeypatch.setattr(memo_reading, "_PAGES_A_STRETCH", 1)

    known = Memo(leaf(GADGETS), 40, whole=True).knows(b"".join([b"0" * 16, *hashes]))

    assert known.tolist() == [False, *[True] * 40]


def test_it_is_read_only_where_enough_rows_are_asked_about() -> None:
    few = Memo("record_0", 1_000)

    assert not few.pays(20)
    assert few.pays(1)
    assert Memo("record_0", 1_000, whole=True).pays(1)
    assert not Memo("record_0", memo.MOST_ROWS + 1, whole=True).pays(50_000)
    assert Memo("record_0", 0).pays(1)


@pytest.mark.parametrize("live_rows", [40, memo.MOST_ROWS + 1])
def test_rows_are_skipped_by_their_bytes_however_large_the_table(
    hashes: list[bytes], far_end: FarEnd, live_rows: int
) -> None:
    Tracker.objects.filter(entity_id=entity_id(GADGETS)).update(live_rows=live_rows)
    # As if each had been mended: only its bytes are those of the far end.
    Record.objects.filter(entity_id=entity_id(GADGETS)).update(data_hash=bytes(32))
    far_end.set(
        "gadgets",
        *(gadget(number) for number in range(40)),
        gadget(50),
        gadget(51, name="x" * 50),
        {"name": "?"},
    )

    job = run("sync", GADGETS, full=True)

    assert job.result is not None
    found = [job.result.get(name, 0) for name in ("rows_fetched", "skipped", "inserted", "updated", "failed")]
    assert found == [43, 40, 1, 0, 2]
