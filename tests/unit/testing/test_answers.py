"""Files of recorded answers: what is read, what is refused and with which words, and what comes back."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sync.testing import BadAnswers
from sync.testing.answers import Answers, Exchange, Reply, Request, raw_json, read_answers, write_answers
from sync.testing.matching import Asked, differences, fits_path, says

GET = Request(path="/gadgets")


def exchange(**parts: Any) -> dict[str, Any]:
    return {"request": {"path": "/gadgets"}, "answers": [{"json": {"items": []}}], **parts}


def file(folder: Path, content: object) -> Path:
    path = folder / "answers.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_digits_stay_as_they_are_written(tmp_path: Path) -> None:
    path = file(tmp_path, '{"exchanges": [{"request": {"path": "/g"}, "answers": [{"json": {"p": 9.90}}]}]}')

    read = read_answers(path)
    write_answers(path, read)

    assert read.exchanges[0].answers[0].content() == b'{"p": 9.90}'
    assert b"9.90" in path.read_bytes()
    assert read_answers(path).exchanges[0].request == read.exchanges[0].request


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is no JSON"),
        ({"exchanges": [exchange(reply={})]}, "unknown field `reply` - at `$.exchanges[0]`"),
        ({"exchanges": [exchange(request={"path": 7})]}, "at `$.exchanges[0].request.path`"),
        ({"exchanges": [exchange(answers=[])]}, "exchange 1: give it at least one answer"),
        ({"exchanges": [exchange(answers=[{"mood": "sad"}])]}, "Invalid enum value 'sad'"),
        ({"exchanges": [exchange(answers=[{"json": 1, "body": "1"}])]}, "one of json, body and base64"),
        ({"exchanges": [exchange(answers=[{"status": 99}])]}, "99 is no status"),
        ({"exchanges": [exchange(answers=[{"delay": -1}])]}, "a delay is 0 or more"),
        ({"exchanges": [exchange(answers=[{"base64": "?"}])]}, "base64 cannot be read"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(tmp_path: Path, content: object, words: str) -> None:
    with pytest.raises(BadAnswers) as refused:
        read_answers(file(tmp_path, content))

    assert words in str(refused.value)
    assert "answers.json" in str(refused.value)


def test_a_file_that_is_missing_says_how_to_record_it(tmp_path: Path) -> None:
    with pytest.raises(BadAnswers, match="pytest --bridge-record"):
        read_answers(tmp_path / "none.json")


def test_a_cut_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gadgets.gz"
    path.write_bytes(gzip.compress(b'{"bridge_recording": 1}\n{}\n'))

    with pytest.raises(BadAnswers, match="it was cut"):
        read_answers(path)


def test_values_become_exact_json() -> None:
    assert bytes(raw_json({"price": Decimal("9.90")})) == b'{"price":9.90}'
    assert bytes(raw_json(b'{"price": 9.900}')) == b'{"price": 9.900}'
    with pytest.raises(BadAnswers, match="what JSON can hold"):
        raw_json(object())


@pytest.mark.parametrize(
    ("request_", "asked", "words"),
    [
        (GET, Asked(method="GET", path="/gadgets", query={"limit": "10"}), []),
        (GET, Asked(method="POST", path="/gadgets"), ["the method is POST, not GET"]),
        (GET, Asked(method="GET", path="/gadget"), ["the path is /gadget, not /gadgets"]),
        (Request(path="/g", query={"offset": 3}), Asked(method="GET", path="/g", query={"offset": "3"}), []),
        (
            Request(path="/g", query={"offset": 3}),
            Asked(method="GET", path="/g"),
            ["query offset is missing"],
        ),
        (Request(path="/g", query={"key": "***"}), Asked(method="GET", path="/g", query={"key": "x"}), []),
        (
            Request(path="/g", headers={"Prefer": "a"}),
            Asked(method="GET", path="/g", headers={"Prefer": "b"}),
            ["header Prefer is another, not 'a'"],
        ),
        (
            Request(method="POST", path="/g", form={"To": "+43"}),
            Asked(method="POST", path="/g", body=b"To=%2B44&Body=x"),
            ["form To is '+44', not '+43'"],
        ),
        (
            Request(method="POST", path="/g", body="a"),
            Asked(method="POST", path="/g", body=b"b"),
            ["the body is another"],
        ),
    ],
)
def test_a_request_is_told_from_another(request_: Request, asked: Asked, words: list[str]) -> None:
    assert differences(request_, asked) == words


@pytest.mark.parametrize(
    ("wanted", "sent", "words"),
    [
        ({"to": "Ann"}, {"to": "Ann", "text": "hi"}, []),
        ({"to": {"zip": "1"}}, {"to": {"zip": "2"}}, ['body.to.zip is "2", not "1"']),
        ({"lines": [1, 2]}, {"lines": [1]}, ["body.lines is [1], not [1,2]"]),
        ({"lines": [{"n": 1}]}, {"lines": [{"n": 1, "x": 2}]}, []),
        ({"token": "***"}, {"token": "abc"}, []),
        ({"paid": True}, {"paid": 1}, ["body.paid is 1, not true"]),
        ({"to": "Ann"}, {}, ["body.to is missing"]),
        ({"to": None}, {"to": None}, []),
    ],
)
def test_bodies_are_compared_name_by_name(wanted: Any, sent: Any, words: list[str]) -> None:
    request = Request(method="POST", path="/g", json=raw_json(wanted))

    assert differences(request, Asked(method="POST", path="/g", body=msgspec.json.encode(sent))) == words


def test_a_body_that_is_no_json_is_told() -> None:
    request = Request(method="POST", path="/g", json=raw_json({}))

    assert differences(request, Asked(method="POST", path="/g", body=b"to=Ann")) == ["the body is no JSON"]


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/bookings/*", "/bookings/k-1", True),
        ("/bookings/*", "/bookings/k-1/lines", False),
        ("/bookings/*/lines", "/bookings/k-1/lines", True),
        ("/a.b", "/axb", False),
        ("/a%20b", "/a b", True),
        ("gadgets/", "/gadgets", True),
    ],
)
def test_a_star_is_one_part_of_a_path(pattern: str, path: str, fits: bool) -> None:
    assert fits_path(pattern, path) is fits


def test_the_request_that_names_more_says_more() -> None:
    exact, starred = Request(path="/g/1"), Request(path="/g/*")

    assert says(exact) > says(starred)
    assert says(Request(path="/g/*", query={"a": "1"})) > says(starred)


def test_secrets_in_a_query_are_not_told() -> None:
    assert "abc" not in str(Asked(method="GET", path="/g", query={"api_key": "abc"}))


def test_an_empty_answer_has_no_type() -> None:
    assert Reply(status=204).headed() == {}
    assert Reply(json=raw_json({})).headed() == {"Content-Type": "application/json"}
    assert Reply(json=raw_json({}), headers={"content-type": "x"}).headed() == {"content-type": "x"}


def test_what_is_left_out_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "answers.json"

    write_answers(path, Answers(exchanges=[Exchange(request=GET, answers=[Reply(status=404)])]))

    assert json.loads(path.read_text()) == {
        "exchanges": [{"request": {"path": "/gadgets"}, "answers": [{"status": 404}]}]
    }
