"""What `bridge record` writes is played to tests too: the recording of a dry run, and the JSON that people read."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.errors import InvalidRequest
from sync.jobs.claim import tried
from sync.pipeline.run import open_run
from sync.recording.write import Recorded, record
from sync.registry import registry
from sync.testing import FarEnd, read
from tests import farend
from tests.integration.pipeline.conftest import gadget

pytestmark = pytest.mark.usefixtures("committed")


def recorded(to: Path) -> Recorded:
    with farend.FarEnd() as server:
        server.set(
            "gadgets",
            *(gadget(number) for number in range(1, 13)),
            b'{"id": 13, "name": "x", "weight": 1.50}',
        )
        claim = tried("record", registry.find("shop.gadgets"), {"full": True})
        return record(open_run(claim), to, most=100)


@pytest.mark.parametrize("name", ["gadgets.jsonl.gz", "gadgets.json"])
def test_it_is_played_page_by_page(tmp_path: Path, name: str) -> None:
    path = tmp_path / name

    told = recorded(path)

    assert (told.answers, told.rows, told.pages, told.complete) == (2, 13, 2, True)
    with FarEnd("shop", path) as far_end:
        found = read("shop.gadgets")
    assert [row["id"] for row in found.rows] == list(range(1, 14))
    assert found.row(id=13)["weight"] == "1.5"
    assert [one.query["offset"] for one in far_end.asked] == ["0", "10"]


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(InvalidRequest, match="cannot be written"):
        recorded(tmp_path / "file" / "gadgets.json")
