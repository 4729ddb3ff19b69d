"""Tables for people, JSON for scripts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from bridge.printing import ago, brief, print_json, print_table

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s ago"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (7_199, "1 h ago"),
        (180_000, "2 d ago"),
        (-3, "0 s ago"),
    ],
)
def test_it_says_how_long_ago(seconds: int, words: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == words


def test_what_has_not_been_was_never() -> None:
    assert ago(None) == "never"


def test_it_keeps_the_first_line_of_a_text() -> None:
    assert brief("one\ntwo", whole=False) == "one"
    assert brief("x" * 100, 10, whole=False) == "x" * 9 + "…"
    assert brief(None) == ""


def test_a_table_is_not_cut_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    text = "words " * 2_000

    print_table(("id", "count#", "text"), [("a", 19820, text), ("b", None, "[red]")], empty="none")

    out = capsys.readouterr().out
    assert "19,820" in out
    assert text.strip() in out
    assert "[red]" in out


def test_a_text_is_whole_and_in_one_line_in_a_pipe() -> None:
    assert brief("one\ntwo " + "x" * 100, 10) == "one two " + "x" * 100


def test_an_empty_table_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("id",), [], empty="No such job.")

    assert capsys.readouterr().out == "No such job.\n"


def test_json_has_moments_and_ids_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    number = UUID("01a1fd84-a220-7c56-a6e9-b8a9afa65db5")

    print_json({"at": NOW, "id": number, "name": "Ä"})

    out = capsys.readouterr().out
    assert json.loads(out) == {"at": "2026-01-31T12:00:00Z", "id": str(number), "name": "Ä"}
    assert "Ä" in out
