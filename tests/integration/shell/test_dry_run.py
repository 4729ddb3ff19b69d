"""`bridge sync --dry-run` and `bridge record`."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.models import Job
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import far_end, gadget, sync
from tests.integration.shell.conftest import Shell

__all__ = ["far_end"]


def test_it_tells_what_a_sync_would_do(far_end: FarEnd, shell: Shell) -> None:
    far_end.set("gadgets", gadget(1))
    sync("shop.gadgets")
    jobs = Job.objects.count()
    changed = gadget(1, name="Changed", updated_at="2026-02-01T00:00:00Z")
    far_end.set("gadgets", changed, gadget(2, price="many"))

    assert shell("sync", "gadgets", "--dry-run", "--full") == 0

    assert "shop.gadgets: everything, 1 page. Nothing was written." in shell.out
    for words in ("Gadget 1", "Changed", "unreadable_number", "Nothing would be deleted."):
        assert words in shell.out
    assert Job.objects.count() == jobs


def test_it_replays_what_was_recorded(far_end: FarEnd, shell: Shell, tmp_path: Path) -> None:
    far_end.set("gadgets", gadget(1), gadget(2))
    file = str(tmp_path / "gadgets.jsonl.gz")

    assert shell("record", "gadgets", "--to", file) == 0
    assert f"2 rows in 1 page of shop.gadgets are in {file}." in shell.out
    far_end.set("gadgets")

    assert shell("sync", "gadgets", "--dry-run", "--recorded", file, "--json") == 0
    assert (shell.json["counts"]["inserted"], shell.json["recorded"]["redacted"]) == (2, 0)


def test_a_longer_read_says_that_there_is_more(far_end: FarEnd, shell: Shell, tmp_path: Path) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(1, 26)))

    shell("record", "gadgets", "--to", str(tmp_path / "some.gz"), "--pages", "2")
    assert "There is more" in shell.out
    shell("sync", "gadgets", "--dry-run", "--pages", "2")
    assert "There is more" in shell.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("sync", "gadgets", "--recorded", "x"),
        ("sync", "gadgets", "--pages", "3"),
        ("sync", "gadgets", "--dry-run", "--wait"),
        ("sync", "gadgets", "--dry-run", "--recorded", "x", "--full"),
        ("sync", "gadgets", "--dry-run", "--recorded", "/nowhere/x"),
        ("sync", "gadgets", "--dry-run", "--pages", "1001"),
        ("sync", "gadgets", "--dry-run", "--full", "--since", "2026-01-01"),
        ("record", "gadgets", "--to", "/nowhere/x"),
        ("record", "nothing", "--to", "x"),
    ],
)
def test_what_is_asked_wrongly_is_said(far_end: FarEnd, shell: Shell, arguments: tuple[str, ...]) -> None:
    far_end.set("gadgets")

    assert shell(*arguments) == 2
    assert shell.err
