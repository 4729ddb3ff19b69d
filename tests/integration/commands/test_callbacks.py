"""What far ends report of commands: signed, once, in any order."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client

from sync.commands import settle as settling
from sync.commands.run import run_command
from sync.commands.signed_form import signature
from sync.errors import FatalError
from sync.jobs.settle import settle
from sync.jobs.take import take
from sync.models import Command, Inbound
from tests import office as moods
from tests.integration.commands.conftest import OPERATOR, ask, run, steps
from tests.office import Office
from tests.webhooks import SECRET, headers

PUBLIC = "https://bridge.example.com"


@pytest.fixture(autouse=True)
def public(settings: Any) -> None:
    settings.BRIDGE_PUBLIC_URL = PUBLIC


def door(command: Command) -> str:
    return f"/api/v1/callbacks/{command.kind.replace('.', '/')}/{command.pk}"


def report(
    command: Command, event: str, *, path: str | None = None, ref: str | None = None, **proof: Any
) -> Any:
    """A signed JSON callback."""
    body = json.dumps({"event": event, "of": command.remote_id, "ref": ref}).encode()
    given = proof.pop("given", None)
    sent = headers(body, delivery=f"d-{command.pk}-{event}", **proof) if given is None else given
    return Client().post(path or door(command), body, content_type="application/json", headers=sent)


def form(command: Command, *, secret: str = SECRET, to: str = PUBLIC, **fields: str) -> Any:
    """A signed form, as Twilio sends it."""
    path, body = door(command), urlencode(fields)
    sent = {"X-Twilio-Signature": signature(secret, f"{to}{path}", list(fields.items()))}
    return Client().post(path, body, content_type="application/x-www-form-urlencoded", headers=sent)


def handed_in(office: Office, name: str = "hand_in") -> Command:
    office.hidden = True
    command = ask(name)
    run(command)
    assert (command.state, command.remote_id) == ("sent", "E1")
    return command


def test_a_report_proves_what_was_taken_on(office: Office) -> None:
    command = handed_in(office)

    answer = report(command, "delivered")
    assert (answer.status_code, answer.json()) == (200, {"command": str(command.pk), "status": "accepted"})
    assert run(command) == "success"

    assert (command.state, command.remote_status) == ("proven", "delivered")
    assert steps(command) == ["asked", "sending", "accepted", "called_back"]
    assert [method for method, _ in office.asked] == ["POST"], "nobody had to look"


def test_a_form_is_proven_by_its_address_and_fields(office: Office) -> None:
    command = handed_in(office, "call")

    answer = form(command, event="sent", of="E1", note="")

    assert (answer.status_code, run(command)) == (200, "success")


def test_the_same_report_again_has_no_second_effect(office: Office) -> None:
    command = handed_in(office)

    statuses = [report(command, "sent").json()["status"] for _ in range(3)]

    assert statuses == ["accepted", "repeated", "repeated"]
    assert steps(command).count("called_back") == 1
    assert Inbound.objects.filter(door="callbacks/shop/hand_in").latest("id").repeated == 2


def test_reports_in_the_wrong_order_leave_the_furthest(office: Office) -> None:
    command = handed_in(office)

    for event in ("delivered", "queued", "sent"):
        assert report(command, event).status_code == 200

    command.refresh_from_db()
    assert (command.state, command.remote_status) == ("proven", "delivered")
    assert steps(command).count("called_back") == 3


@pytest.mark.parametrize("late", ["sent", "queued"])
def test_a_late_report_of_less_is_noted_and_moves_an_open_command_nowhere(office: Office, late: str) -> None:
    command = handed_in(office)
    assert report(command, "planned").status_code == 200

    assert report(command, late).json()["status"] == "accepted"

    command.refresh_from_db()
    assert (command.state, command.remote_status) == ("sent", "planned")
    assert [line.exchange.get("status") for line in command.ledger.order_by("no")][-2:] == ["planned", late]
    assert report(command, "delivered").status_code == 200
    assert (run(command), command.state) == ("success", "proven")


def test_one_that_was_sent_again_is_reported_anew_from_the_start(office: Office) -> None:
    command = handed_in(office)
    report(command, "planned")
    settling.settle(command.pk, "not_done", by=OPERATOR, reason="they lost it")
    run(command)
    assert (command.state, command.remote_id) == ("sent", "E2")

    assert report(command, "sent").status_code == 200

    command.refresh_from_db()
    assert (command.state, command.remote_status) == ("proven", "sent")


def test_the_id_of_a_sending_that_came_to_nothing_is_not_that_of_the_next(office: Office) -> None:
    command = handed_in(office)
    settling.settle(command.pk, "not_done", by=OPERATOR, reason="they lost it")
    office.moods.append(moods.LOST)

    run(command)

    assert (command.state, command.remote_id) == ("unknown", None)
    command.remote_id = "E2"  # as the far end knows it
    answer = report(command, "delivered")
    assert (answer.status_code, answer.json()["code"]) == (503, "callback_too_early")
    assert report(command, "delivered", ref=command.effect_key).status_code == 200


def test_a_report_of_a_refusal_ends_it_with_the_far_ends_code(office: Office) -> None:
    command = handed_in(office, "call")

    form(command, event="failed", of="E1", code="21211")

    assert run(command) == "failed"
    assert (command.state, command.job.error_code) == ("refused", "21211")


def test_what_is_proven_stays_so_where_it_fails_later(office: Office) -> None:
    command = handed_in(office)
    report(command, "sent")
    run(command)

    report(command, "failed")

    command.refresh_from_db()
    assert (command.state, command.remote_status, command.job.status) == ("proven", "failed", "success")


def test_a_report_of_one_that_a_person_was_asked_about_ends_it(office: Office) -> None:
    office.moods.append(moods.LOST)
    command = ask("call")
    assert run(command) == "failed"

    form(command, event="delivered", of="E1")

    assert run(command) == "success"
    assert (command.state, command.remote_id, len(office.effects)) == ("proven", "E1", 1)


def test_a_report_that_comes_before_the_answer_is_enough(office: Office) -> None:
    command = ask("call")

    def report_at_once() -> None:
        assert form(command, event="delivered", of="E1").json()["status"] == "accepted"
        connection.close()  # of the far end's thread

    office.on_effect = report_at_once
    office.moods.append(moods.LOST)

    assert run(command) == "success"

    assert (command.state, len(office.effects)) == ("proven", 1)


@pytest.mark.parametrize(("event", "end"), [("delivered", "success"), ("failed", "failed")])
def test_a_report_between_an_attempts_last_look_and_its_end_ends_it(
    office: Office, event: str, end: str
) -> None:
    office.moods.append(moods.LOST)
    command = ask("call")
    claim = take(command.job_id, command.job.fence, "w")
    assert claim is not None
    with pytest.raises(FatalError) as gave_up:
        run_command(claim)

    form(command, event=event, of="E1")
    verdict = settle(claim, gave_up.value)

    assert verdict is not None
    assert (verdict.outcome, verdict.code, verdict.burns) == ("retry", "overtaken", False)
    assert run(command) == end
    assert (command.job.status, len(office.effects)) == (end, 1)


def test_a_report_without_an_address_of_its_own_is_found_by_the_far_ends_id(office: Office) -> None:
    command = handed_in(office)

    answer = report(command, "delivered", path="/api/v1/callbacks/shop/hand_in")

    assert answer.json()["command"] == str(command.pk)


def test_a_signed_report_of_one_command_does_nothing_at_the_address_of_another(office: Office) -> None:
    command, other = handed_in(office), ask("hand_in")
    run(other)
    assert (command.remote_id, other.remote_id) == ("E1", "E2")
    unsent = ask("hand_in")

    answers = [
        report(command, "delivered", path=door(other)),
        report(command, "failed", path=door(unsent)),
        report(command, "delivered", path=door(other), ref=command.effect_key),
        report(command, "delivered", path=door(unsent), ref=command.effect_key),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (409, "callback_of_another"),
        (503, "callback_too_early"),
        (409, "callback_of_another"),
        (409, "callback_of_another"),
    ]
    for one, state in ((other, "sent"), (unsent, "intended")):
        one.refresh_from_db()
        assert (one.state, one.remote_status, "called_back" in steps(one)) == (state, None, False)
    assert report(command, "delivered").json()["status"] == "accepted", "it was not taken for seen"


def test_a_signed_report_that_names_no_command_is_refused(office: Office) -> None:
    command = handed_in(office)
    command.remote_id = None

    answer = report(command, "delivered")

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_callback")


def test_our_own_key_in_a_report_is_enough_where_the_answer_was_lost(office: Office) -> None:
    office.moods.append(moods.LOST)
    command = ask("hand_in")
    run(command)
    assert (command.state, command.remote_id) == ("unknown", None)

    assert report(command, "delivered", ref=command.effect_key).status_code == 200
    assert run(command) == "success"
    assert (command.state, len(office.effects)) == ("proven", 1)

    unnamed = ask("hand_in")
    path = "/api/v1/callbacks/shop/hand_in"
    assert report(unnamed, "queued", path=path, ref=unnamed.effect_key).json()["command"] == str(unnamed.pk)


def test_a_report_that_is_not_proven_is_refused(office: Office) -> None:
    command, called = handed_in(office), ask("call")

    refused = [
        report(command, "delivered", secret="another"),
        report(command, "delivered", at=1_000_000_000),
        report(command, "delivered", given={}),
        form(called, event="delivered", of="E1", secret="another"),
        form(called, event="delivered", of="E1", to="https://elsewhere.example.com"),
    ]

    assert [answer.status_code for answer in refused] == [401] * 5
    assert [answer.json()["code"] for answer in refused] == [
        "signature_wrong",
        "signature_expired",
        "signature_missing",
        "signature_wrong",
        "signature_wrong",
    ]
    command.refresh_from_db()
    assert (command.state, command.remote_status) == ("sent", None)


def test_what_is_reported_wrongly_is_refused_and_not_written_down(office: Office) -> None:
    command, letter = handed_in(office), ask("mail")
    before = Inbound.objects.count()

    refused = [
        report(command, "exploded"),
        report(command, "x" * 2_000),
        report(letter, "delivered"),
        report(command, "delivered", path="/api/v1/callbacks/shop/none"),
        report(command, "delivered", path=f"/api/v1/callbacks/shop/hand_in/{letter.pk}"),
        report(command, "delivered", path="/api/v1/callbacks/shop/hand_in/none"),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [
        (400, "bad_callback"),
        (413, "body_too_large"),
        (404, "no_callback"),
        (404, "unknown_command"),
        (404, "not_found"),
        (404, "not_found"),
    ]
    assert Inbound.objects.count() == before


def send(command: Command, delivery: str, **told: Any) -> Any:
    body = json.dumps({"of": command.remote_id, **told}).encode()
    sent = headers(body, delivery=f"{command.pk}-{delivery}")
    return Client().post(door(command), body, content_type="application/json", headers=sent)


@pytest.mark.parametrize("rank", ["high", 1.5, 10**12, None])
def test_a_rank_that_is_no_number_is_the_reports_fault(office: Office, rank: Any) -> None:
    command = handed_in(office)

    answer = send(command, "d1", event="queued", rank=rank)

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_callback")
    assert "rank" in answer.json()["message"]


@pytest.mark.parametrize("odd", ["nothing", "state"])
def test_a_declaration_that_reads_wrongly_lets_the_far_end_come_again(office: Office, odd: str) -> None:
    answer = send(handed_in(office), "d1", event="queued", odd=odd)

    assert (answer.status_code, answer.json()["code"]) == (503, "configuration")
    assert "`read` of the callback" in answer.json()["message"]


def test_words_that_cannot_be_stored_lose_no_report(office: Office) -> None:
    command = handed_in(office)

    assert send(command, "d1", event="delivered", why="cut \ud83d\x00").status_code == 200

    command.refresh_from_db()
    assert (command.state, command.ledger.get(state="proven").exchange["message"]) == (
        "proven",
        "cut \ufffd\ufffd",
    )


def test_a_far_end_that_counts_reports_by_its_number(office: Office) -> None:
    office.told.append({"id": 17})
    office.hidden = True
    command = ask("hand_in")
    run(command)

    answer = send(command, "d1", event="delivered", of=17)

    command.refresh_from_db()
    assert (answer.status_code, command.state, command.remote_id) == (200, "proven", "17")


def test_a_form_needs_our_own_address(office: Office, settings: Any) -> None:
    command = handed_in(office, "call")
    settings.BRIDGE_PUBLIC_URL = ""

    answer = form(command, event="delivered", of="E1")

    assert (answer.status_code, answer.json()["code"]) == (503, "public_url_missing")
