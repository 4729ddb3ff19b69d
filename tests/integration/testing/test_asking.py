"""Commands against recorded answers: in memory one call, in the database the whole ledger."""

from __future__ import annotations

import pytest

from sync.commands.payload import BadPayload
from sync.testing import FarEnd, NotRecorded, ask, find, send
from tests.acceptance.test_outside_tests import block
from tests.integration.commands.conftest import LETTER
from tests.office import VARIABLE

README: dict[str, object] = {}
exec(compile(block("```python\n# test_mail.py\n"), "README.md", "exec"), README)
test_readme_tells_of_a_refusal = README["test_a_refusal_is_told"]
test_readme_tells_of_a_lost_answer = README["test_a_letter_whose_answer_is_lost_is_found_and_not_sent_twice"]
LETTERS = {"items": [{"id": "E1", "body": LETTER}]}


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own address is never asked."""
    monkeypatch.setenv(VARIABLE, "https://office.invalid")


@pytest.mark.parametrize(
    ("answer", "state", "code"),
    [
        ({"status": 201, "json": {"id": "E1"}}, "proven", None),
        ({"status": 422, "body": "no such address"}, "refused", "far_end_refused"),
        ({"status": 429}, "intended", "rate_limited"),
        ({"status": 403}, "intended", "credentials_refused"),
        ({"status": 500}, "unknown", "far_end_error"),
        ({"mood": "lost"}, "unknown", "far_end_unreachable"),
        ({"mood": "cut", "json": {"id": "E1"}}, "unknown", "far_end_unreachable"),
        ({"status": 201, "json": {}}, "unknown", "unexpected_error"),
    ],
)
def test_what_is_known_after_one_sending(answer: dict[str, object], state: str, code: str | None) -> None:
    with FarEnd("shop") as far_end:
        far_end.answer("POST", "/letters", **answer)  # type: ignore[arg-type]

        outcome = send("shop.mail", LETTER)

    assert (outcome.state, outcome.code) == (state, code)
    assert outcome.remote_id == ("E1" if state == "proven" else None)
    assert [one.json for one in far_end.requests("POST")] == [LETTER]


def test_a_look_in_memory_leaves_out_what_other_commands_own() -> None:
    with FarEnd("shop") as far_end:
        far_end.answer("GET", "/letters", query={"to": "Ann"}, json=LETTERS)

        assert find("shop.mail", LETTER).remote_id == "E1"
        assert find("shop.mail", LETTER, owned={"E1"}).state == "absent"


def test_a_look_in_memory_leaves_out_numbers_too_that_other_commands_own() -> None:
    with FarEnd("shop") as far_end:
        items = [{"id": number, "body": LETTER} for number in (1, 2)]
        far_end.answer("GET", "/letters", query={"to": "Ann"}, json={"items": items})

        assert find("shop.mail", LETTER, owned={"1"}).remote_id == "2"


def test_the_facts_of_an_intent_may_be_chosen() -> None:
    with FarEnd("shop") as far_end:
        far_end.answer("PUT", "/bookings/k-1", json={})

        assert send("shop.book", LETTER, key="k-1").state == "proven"


def test_a_payload_that_does_not_fit_names_each_field() -> None:
    with pytest.raises(BadPayload) as refused:
        send("shop.mail", {"to": 7 * "long name ", "txt": ""})

    assert set(refused.value.detail) == {"to", "text", "txt"}


def test_the_key_is_the_same_on_every_try(far_end: FarEnd) -> None:
    far_end.answer("PUT", "/bookings/*", status=429)
    far_end.answer("PUT", "/bookings/*", json={})
    booking = ask("shop.book", LETTER)

    assert booking.attempt() == "retry"
    assert booking.finish() == "proven"

    assert booking.steps == ["asked", "sending", "no_effect", "sending", "answered"]
    assert {one.path for one in far_end.requests("PUT")} == {f"/bookings/{booking.key}"}


def test_waits_of_minutes_pass_at_once(far_end: FarEnd) -> None:
    far_end.answer("POST", "/letters", mood="lost")
    far_end.answer("GET", "/letters", json=LETTERS)
    letter = ask("shop.slow", LETTER)  # it is looked for after ten minutes

    assert letter.finish() == "proven"

    assert letter.steps == ["asked", "sending", "no_answer", "looked"]


def test_a_refused_one_says_why_and_is_not_sent_again(far_end: FarEnd) -> None:
    far_end.answer("POST", "/letters", status=422, body="no such address")
    letter = ask("shop.mail", LETTER)

    assert letter.finish() == "refused"

    assert letter.job.status == "failed"
    code, message = letter.error
    assert code == "far_end_refused"
    assert "no such address" in str(message)
    assert len(far_end.requests("POST")) == 1


def test_one_that_nobody_can_ask_about_is_settled_by_a_person(far_end: FarEnd) -> None:
    far_end.answer("POST", "/letters", status=500)
    far_end.answer("POST", "/letters", json={"id": "E2"})
    letter = ask("shop.ring", LETTER)

    assert letter.finish() == "unknown"
    letter.settle("not_done")

    assert letter.finish() == "proven"
    assert letter.remote_id == "E2"


def test_persons_agree_and_what_was_done_is_taken_back(far_end: FarEnd) -> None:
    far_end.answer("POST", "/letters", json={"id": "E1"})
    far_end.answer("POST", "/letters", json={"id": "E2"})
    payment = ask("shop.pay", {**LETTER, "value": "10.00"})

    with pytest.raises(AssertionError, match=r"its job waits \(approval\)"):
        payment.attempt()
    payment.approve("anna")
    payment.approve("ben")
    assert payment.finish() == "proven"
    back = payment.compensate()

    assert back.finish() == "proven"
    assert far_end.requests("POST")[-1].json["text"] == "E1 was a mistake"


def test_a_request_that_was_not_recorded_fails_the_test(far_end: FarEnd) -> None:
    far_end.answer("POST", "/letter", json={})
    letter = ask("shop.mail", LETTER)

    with pytest.raises(NotRecorded, match="the path is /letters, not /letter"):
        letter.attempt()
