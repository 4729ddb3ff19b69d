"""Recorded answers: what a far end said once, replayed through the same client to a dry run."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sync.errors import ConfigError, InvalidRequest
from sync.jobs.claim import tried
from sync.pipeline.dryrun.run import try_sync
from sync.pipeline.run import open_run
from sync.recording.play import opened
from sync.recording.write import Recorded, record
from sync.registry import registry
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, sync

GADGETS = registry.find("shop.gadgets")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "gadgets.jsonl.gz"


def recorded(to: Path, path: str = "shop.gadgets", most: int = 100, **asked: Any) -> Recorded:
    return record(open_run(tried("record", registry.find(path), asked)), to, most=most)


def test_a_recording_replays_what_was_asked_then(far_end: FarEnd, file: Path) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(1, 4)))
    sync("shop.gadgets")
    far_end.set(
        "gadgets",
        *(gadget(number) for number in range(1, 24)),
        gadget(24, price="many"),
        gadget(25, name="ünïcode"),
    )
    told = recorded(file, full=True)
    live = try_sync(GADGETS, {"full": True})
    far_end.set("gadgets")
    asked = len(far_end.asked)

    again = try_sync(GADGETS, {}, recording=opened(file))

    assert (told.rows, told.pages, told.complete) == (25, 3, True)
    assert len(far_end.asked) == asked
    same = ("counts", "diffs", "faults", "deletes", "pages", "complete", "since", "full")
    assert {name: again[name] for name in same} == {name: live[name] for name in same}
    assert again["recorded"]["redacted"] == 0


def test_the_watermark_of_now_does_not_count(far_end: FarEnd, file: Path) -> None:
    far_end.set("gadgets", gadget(1))
    recorded(file)
    sync("shop.gadgets")

    told = try_sync(GADGETS, {}, recording=opened(file))

    assert (told["since"], told["counts"]["skipped"]) == (None, 1)


def test_secrets_are_not_written_down(far_end: FarEnd, file: Path) -> None:
    jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJicmlkZ2UifQ.c2lnbmF0dXJl"
    far_end.set("gadgets", gadget(1, api_key="open-sesame", note=jwt, token=7))
    far_end.headers = {"Set-Cookie": "session=open", "X-Auth-Token": "open", "Link": "https://me:open@host/2"}

    told = recorded(file)

    text = gzip.decompress(file.read_bytes()).decode()
    assert told.redacted == 2
    assert "open" not in text.replace("opened", "")
    assert jwt not in text
    assert try_sync(GADGETS, {}, recording=opened(file))["counts"]["inserted"] == 1


def test_a_recording_that_ended_early_says_so(far_end: FarEnd, file: Path) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(1, 26)))
    told = recorded(file, most=1)

    assert not told.complete
    with pytest.raises(ConfigError) as raised:
        try_sync(GADGETS, {}, recording=opened(file))
    assert raised.value.code == "not_recorded"


def test_a_recording_of_as_many_pages_is_enough(far_end: FarEnd, file: Path) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(1, 26)))
    recorded(file, most=2)

    told = try_sync(GADGETS, {}, pages=2, recording=opened(file))

    assert (told["pages"], told["complete"]) == (2, False)


def test_a_recording_of_another_entity_is_refused(far_end: FarEnd, file: Path) -> None:
    recorded(file, "shop.makers")

    with pytest.raises(InvalidRequest, match=r"is of shop\.makers"):
        try_sync(GADGETS, {}, recording=opened(file))


def test_a_far_end_that_fails_leaves_no_file(far_end: FarEnd, file: Path) -> None:
    from sync.errors import TransientError

    far_end.refuse_with = (503, {}, b"{}")

    with pytest.raises(TransientError):
        recorded(file)

    assert list(file.parent.iterdir()) == []


def lines(*values: object) -> bytes:
    return gzip.compress("".join(json.dumps(value) + "\n" for value in values).encode())


HEAD = {
    "bridge_recording": 1,
    "entity": "shop.gadgets",
    "since": None,
    "page_size": 10,
    "began": "2026-01-01",
}
END = {"end": {"redacted": 0}}


BROKEN = {
    "empty": b"",
    "no gzip": b"no gzip",
    "no JSON": gzip.compress(b"no json\n"),
    "no end": lines(HEAD),
    "no exchange": lines(HEAD, {"asked": {}, "answer": {}}, END),
    "a list": lines(HEAD, [], END),
    "a later version": lines({**HEAD, "bridge_recording": 2}, END),
    "half a head": lines({"bridge_recording": 1}, END),
    "cut": lines(HEAD, END)[:-12],
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=list(BROKEN))
def test_a_broken_file_is_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    with pytest.raises(InvalidRequest, match="no recording") as raised:
        opened(file)

    assert raised.value.code == "bad_recording"


@pytest.mark.parametrize("path", [lambda folder: folder / "none", lambda folder: folder])
def test_a_file_that_is_not_there_is_refused(tmp_path: Path, path: Callable[[Path], Path]) -> None:
    with pytest.raises(InvalidRequest):
        opened(path(tmp_path))
