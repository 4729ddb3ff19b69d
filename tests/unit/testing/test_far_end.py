"""The far end of tests is a real server: answers in order, moods of a wire, and words where nothing was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.errors import ConfigError, TransientError
from sync.http import Answer, Session
from sync.outbound import stand_in
from sync.testing import BadAnswers, FarEnd, NotRecorded
from sync.testing.answers import read_answers
from sync.testing.far_end import complain, refuse
from tests import farend

ITEMS = {"items": [{"id": 1}]}


@pytest.fixture
def far_end() -> Iterator[FarEnd]:
    with FarEnd("shop") as running:
        yield running


def get(path: str = "/gadgets", **options: object) -> Answer:
    """By the product's own session, whose address leads nowhere: and with the budget that all share."""
    return Session("shop", "https://shop.invalid/v1", timeout=5).request("GET", path, **options)  # type: ignore[arg-type]


def test_a_system_is_asked_at_the_stand_in_whatever_its_address_is(far_end: FarEnd) -> None:
    far_end.answer("GET", "/gadgets", json=ITEMS, headers={"X-Total": "1"})

    answer = get(params={"limit": 5})

    assert (answer.status, answer.body, answer.headers["x-total"]) == (200, b'{"items":[{"id":1}]}', "1")
    assert [str(one) for one in far_end.requests()] == ["GET /gadgets?limit=5"]
    assert far_end.requests("get", "/*")[0].headers["user-agent"].startswith("Bridge/")


def test_another_system_and_later_requests_go_to_their_own_address() -> None:
    with FarEnd("netsuite") as far_end, pytest.raises(ConfigError, match="not on the public internet"):
        Session("shop", far_end.url, gate=None, private=False, timeout=5).request("GET", "/")

    assert far_end.asked == []
    with pytest.raises(TransientError):
        Session("netsuite", "http://127.0.0.1:9", gate=None, private=True, timeout=5).request("GET", "/")


def test_answers_are_given_in_their_order_and_the_last_again(far_end: FarEnd) -> None:
    far_end.answer("GET", "/gadgets", status=429, headers={"Retry-After": "7"})
    far_end.answer("GET", "/gadgets", json=ITEMS)

    answers = [get() for _ in range(3)]

    assert [one.status for one in answers] == [429, 200, 200]
    assert answers[0].retry_after == 7


def test_of_several_the_one_that_says_most_answers(far_end: FarEnd) -> None:
    far_end.answer("GET", "/gadgets", json=1)
    far_end.answer("GET", "/gadgets", query={"offset": 10}, json=2)
    far_end.answer("GET", "/*", json=3)

    assert [get(params={"offset": n}).body for n in (10, 20)] == [b"2", b"1"]
    assert get("/other").body == b"3"


@pytest.mark.parametrize("mood", ["lost", "cut"])
def test_a_connection_that_drops_proves_nothing(far_end: FarEnd, mood: str) -> None:
    far_end.answer("GET", "/gadgets", json=ITEMS, mood=mood)  # type: ignore[arg-type]

    with pytest.raises(TransientError) as caught:
        get()

    assert (caught.value.code, caught.value.no_effect) == ("far_end_unreachable", False)
    assert len(far_end.asked) == 1


def test_silence_is_a_timeout(far_end: FarEnd) -> None:
    far_end.answer("GET", "/gadgets", mood="silent")

    with pytest.raises(TransientError) as caught:
        Session("shop", "https://shop.invalid", timeout=0.2).request("GET", "/gadgets")

    assert (caught.value.code, caught.value.no_effect) == ("far_end_timeout", False)


def test_an_answer_may_come_too_late(far_end: FarEnd) -> None:
    far_end.answer("GET", "/gadgets", json=ITEMS, delay=60)

    with pytest.raises(TransientError, match="gave no answer"):
        Session("shop", "https://shop.invalid", timeout=0.2).request("GET", "/gadgets")


def test_what_was_sent_is_there_to_be_looked_at(far_end: FarEnd) -> None:
    far_end.answer("POST", "/letters", sent={"to": "Ann"}, json={"id": "E1"}, status=201)
    far_end.answer("POST", "/forms", status=204)
    session = Session("shop", "https://shop.invalid", timeout=5)

    session.request("POST", "/letters", json={"to": "Ann", "text": "hi"}, headers={"Idempotency-Key": "k-1"})
    session.request("POST", "/forms", data={"To": "+43 1"})

    letter, form = far_end.requests("POST")
    assert (letter.json, letter.headers["idempotency-key"]) == ({"to": "Ann", "text": "hi"}, "k-1")
    assert form.form == {"To": "+43 1"}


def test_a_request_without_an_answer_names_the_nearest_and_what_to_do() -> None:
    with pytest.raises(NotRecorded) as told, FarEnd("shop") as far_end:  # noqa: PT012 - its end tells
        far_end.answer("GET", "/gadgets", query={"offset": 0}, json=ITEMS)
        assert get(params={"offset": 3}).status == 501

    words = str(told.value)
    assert "The far end of shop was asked GET /gadgets?offset=3, and has no answer." in words
    assert "Nearest is GET /gadgets of the test, but query offset is '3', not '0'." in words
    assert "pytest --bridge-record" in words


def test_one_that_is_used_up_says_so(far_end: FarEnd) -> None:
    far_end.answer("GET", "/gadgets", json=ITEMS, repeat=False)
    get()

    assert get().status == 501
    with pytest.raises(NotRecorded, match="has 1 for this request, and repeat is false"):
        far_end.complain()


def test_a_far_end_that_was_told_nothing_says_so(far_end: FarEnd) -> None:
    get()

    with pytest.raises(NotRecorded, match="none was given"):
        far_end.complain()


def test_what_is_cleared_is_forgotten(far_end: FarEnd) -> None:
    far_end.answer("GET", "/gadgets", json=ITEMS)
    get()
    far_end.clear()

    assert far_end.asked == []
    assert get().status == 501
    with pytest.raises(NotRecorded):
        far_end.complain()


def test_what_the_real_one_says_is_written_down_without_secrets(tmp_path: Path) -> None:
    path = tmp_path / "answers" / "gadgets.json"
    with farend.FarEnd(headers={"Set-Cookie": "sid=1", "X-Total": "1"}) as real:
        real.set("gadgets", b'{"id": 1, "price": 9.90, "api_token": "abc"}')
        with FarEnd("shop", path, recording=True) as far_end:
            session = Session("shop", real.url, gate=None, private=True, timeout=5)
            session.request("GET", "/gadgets", params={"limit": 5, "api_key": "abc"})
            with pytest.raises(BadAnswers, match="without --bridge-record"):
                far_end.answer("GET", "/gadgets")

    assert "abc" not in path.read_text()
    assert "sid" not in path.read_text()
    (exchange,) = read_answers(path).exchanges
    assert exchange.request.query == {"limit": "5"}
    assert b"9.90" in exchange.answers[0].content()
    with FarEnd("shop", path):
        assert b"9.90" in get(params={"limit": 5, "api_key": "other"}).body


def test_a_system_that_is_not_there_cannot_be_played() -> None:
    with pytest.raises(ValueError, match="There is no system 'shoe'; loaded are: "):
        FarEnd("shoe")


def test_no_real_far_end_is_asked_where_that_is_guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stand_in, "_guards", [])
    stand_in.guard(refuse)

    with pytest.raises(ConfigError, match="The test would ask the real shop: use the fixture far_end"):
        get()
    with pytest.raises(NotRecorded, match="The test would ask the real shop"):
        complain()
    with FarEnd("shop") as far_end:
        far_end.answer("GET", "/gadgets", json=ITEMS)
        assert get().status == 200
