"""The API of commands: ask, ask again, look, settle, and every way to ask wrongly."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from sync.models import Command, Job
from tests import factories
from tests.integration.api.conftest import Calling

MAIL = "/api/v1/commands/shop/mail"
LETTER = {"to": "Ann", "text": "hello"}


@pytest.fixture
def mailer(db: None, calling: Calling) -> Client:
    """May ask for one command, and nothing else."""
    return calling("command:shop.mail")


def post(client: Client, path: str, data: Any, **headers: str) -> Any:
    body = data if isinstance(data, (str, bytes)) else json.dumps(data)
    return client.post(path, body, content_type="application/json", headers=headers)


def test_it_is_taken_with_where_to_look(mailer: Client) -> None:
    answer = post(mailer, MAIL, LETTER)

    command = Command.objects.get()
    assert (answer.status_code, answer["Location"]) == (202, f"/api/v1/commands/{command.pk}")
    assert answer.json() == {
        "id": str(command.pk),
        "command": "shop.mail",
        "state": "intended",
        "job_id": str(command.job_id),
    }
    assert (command.client, command.payload) == ("carol", LETTER)


def test_the_same_request_with_its_key_gets_the_same_answer(mailer: Client) -> None:
    headers = {"Idempotency-Key": "k-1"}
    first, again = (post(mailer, MAIL, LETTER, **headers) for _ in range(2))

    assert (again.status_code, again.json(), again["Location"]) == (202, first.json(), first["Location"])
    assert ("Idempotency-Replayed" in first, again["Idempotency-Replayed"]) == (False, "true")
    assert Command.objects.count() == 1


def test_a_body_that_is_no_object_is_told_so(mailer: Client) -> None:
    message = post(mailer, MAIL, []).json()["message"]

    assert message == "The payload of shop.mail has an error: Send a JSON object."


def test_another_body_with_the_same_key_is_refused(mailer: Client) -> None:
    post(mailer, MAIL, LETTER, **{"Idempotency-Key": "k-1"})
    answer = post(mailer, MAIL, {**LETTER, "text": "bye"}, **{"Idempotency-Key": "k-1"})

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Command.objects.count() == 1


def test_all_errors_of_a_payload_are_named_and_nothing_is_done(mailer: Client) -> None:
    answer = post(mailer, MAIL, {"text": "x" * 300, "color": "red", "address": {"zip_code": "1"}})

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_payload")
    detail = answer.json()["detail"]
    assert {name: detail[name][0]["code"] for name in ("to", "text", "color")} == {
        "to": "required",
        "text": "max_length",
        "color": "unknown_field",
    }
    assert set(detail["address"]) == {"street", "zip_code"}
    assert Command.objects.count() == Job.objects.count() == 0


@pytest.mark.parametrize(
    ("data", "key", "status", "code"),
    [
        ([], None, 400, "bad_payload"),
        ("{", None, 400, "bad_json"),
        ('{"to": NaN}', None, 400, "bad_json"),
        ('{"to": "Ann", "text": "hello", "to": "Bob"}', None, 400, "bad_json"),
        ('{"to": ' + "[" * 101 + "]" * 101 + "}", None, 400, "bad_json"),
        ('{"to": ' + "[" * 950 + "]" * 950 + "}", None, 400, "bad_json"),
        (LETTER, " ", 400, "bad_idempotency_key"),
        (LETTER, "x" * 256, 400, "bad_idempotency_key"),
        ({**LETTER, "text": "a\x00b"}, None, 400, "bad_payload"),
        ({**LETTER, "text": "a\ud800b"}, None, 400, "bad_payload"),
        ({**LETTER, "text": "x" * 300_000}, None, 413, "body_too_large"),
    ],
)
def test_what_is_asked_wrongly_is_refused(
    mailer: Client, data: Any, key: str | None, status: int, code: str
) -> None:
    answer = post(mailer, MAIL, data, **({} if key is None else {"Idempotency-Key": key}))

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert Command.objects.count() == Job.objects.count() == 0


def test_what_our_own_rows_refuse_is_an_error_of_the_payload(db: None, calling: Calling) -> None:
    answer = post(calling("command:shop.frank"), "/api/v1/commands/shop/frank", {**LETTER, "to": "Nobody"})

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_payload")
    assert answer.json()["detail"] == {
        "to": [{"code": "no_such_person", "message": "There is no Nobody here."}]
    }
    assert Command.objects.count() == Job.objects.count() == 0


def test_a_command_needs_its_own_scope(db: None, calling: Calling, mailer: Client) -> None:
    for client in (calling("read", "operate"), calling("command:shop.book")):
        answer = post(client, MAIL, LETTER)
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
        assert "command:shop.mail" in answer.json()["message"]
    assert post(Client(), MAIL, LETTER).status_code == 401
    assert mailer.get("/api/v1/commands").status_code == 403


def test_a_command_that_is_none_is_told_to_those_who_may_ask_for_some(
    db: None, calling: Calling, mailer: Client
) -> None:
    answer = post(mailer, "/api/v1/commands/shop/mial", LETTER)

    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_command")
    assert "shop.mail" in answer.json()["message"]
    stranger = post(calling("read"), "/api/v1/commands/shop/mial", LETTER)
    assert stranger.status_code == 403
    assert "shop.mail" not in stranger.json()["message"]


def test_who_asked_may_look_what_became_of_it(
    db: None, calling: Calling, mailer: Client, reader: Client
) -> None:
    where = post(mailer, MAIL, LETTER)["Location"]
    other = factories.command("intended")
    Command.objects.filter(pk=other.pk).update(client="dora")

    assert (mailer.get(where).status_code, reader.get(where).status_code) == (200, 200)
    refused = [
        calling("command:shop.book").get(where),
        calling("metrics").get(where),
        mailer.get(f"/api/v1/commands/{other.pk}"),
        mailer.get(f"/api/v1/commands/{uuid4()}"),
        mailer.get(f"{where}/exchanges"),
        post(mailer, f"{where}/settle", {"decision": "proven", "reason": "x"}),
    ]
    assert [answer.status_code for answer in refused] == [403] * 6
    assert mailer.get("/api/v1/commands/none").status_code == 404


def test_a_command_may_own_a_bare_path(db: None, calling: Calling) -> None:
    answer = post(calling("command:shop.book"), "/api/v1/bookings", LETTER)

    assert (answer.status_code, answer.json()["command"]) == (202, "shop.book")


def test_commands_are_listed_newest_first_and_filtered(reader: Client, mailer: Client) -> None:
    ids = [post(mailer, MAIL, {**LETTER, "text": str(number)}).json()["id"] for number in range(3)]

    page = reader.get("/api/v1/commands?limit=2").json()
    rest = reader.get(f"/api/v1/commands?limit=2&after={page['next']}").json()

    assert [item["id"] for item in page["items"] + rest["items"]] == ids[::-1]
    assert reader.get("/api/v1/commands?state=proven").json()["items"] == []
    assert len(reader.get("/api/v1/commands?command=shop.mail&client=carol").json()["items"]) == 3
    assert reader.get("/api/v1/commands?command=shop.none").status_code == 404
    assert reader.get("/api/v1/commands?state=done").status_code == 400


def test_one_shows_its_ledger_and_hides_secrets(reader: Client, mailer: Client) -> None:
    number = post(mailer, MAIL, {**LETTER, "password": "hunter2"}).json()["id"]

    found = reader.get(f"/api/v1/commands/{number}").json()

    assert (found["state"], found["job_status"]) == ("intended", "pending")
    assert found["payload"] == {**LETTER, "password": "***"}
    assert [(line["state"], line["words"]) for line in found["ledger"]] == [
        ("intended", "Asked for by carol.")
    ]
    assert reader.get(f"/api/v1/commands/{uuid4()}").status_code == 404
    assert reader.get("/api/v1/commands/none").status_code == 404


def test_settling_needs_operate_and_an_unknown_outcome(
    reader: Client, operator: Client, mailer: Client
) -> None:
    path = f"/api/v1/commands/{post(mailer, MAIL, LETTER).json()['id']}/settle"
    said = {"decision": "proven", "reason": "seen"}

    assert post(reader, path, said).status_code == 403
    assert post(operator, path, said).status_code == 409
    Command.objects.update(state="unknown")
    assert post(operator, path, {"decision": "maybe", "reason": "seen"}).status_code == 400
    assert post(operator, path, {"decision": "proven"}).status_code == 400
    answer = post(operator, path, said)

    assert (answer.status_code, answer.json()["state"]) == (200, "proven")
    assert answer.json()["ledger"][-1]["words"] == "carol said that it is proven: seen"


def test_the_document_has_each_command_with_its_payload(db: None, client: Client) -> None:
    document = client.get("/api/schema?format=json").json()

    operation = document["paths"][MAIL]["post"]
    payload = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/")[-1]
    assert set(document["components"]["schemas"][payload]["properties"]) >= {"to", "text", "address"}
    assert "Idempotency-Key" in {one["name"] for one in operation["parameters"]}
    nested = document["components"]["schemas"][payload]["properties"]["address"]["$ref"].rsplit("/")[-1]
    assert (payload, nested) == ("ShopLetter", "ShopAddress"), "another system's may be called so, too"
    assert "/api/v1/bookings" in document["paths"]


def test_an_operator_approves_rejects_and_takes_back(
    db: None, calling: Calling, operator: Client, reader: Client
) -> None:
    payer, money = calling("command:shop.pay"), {**LETTER, "value": "9.00"}
    ids = [post(payer, "/api/v1/commands/shop/pay", money).json()["id"] for _ in range(2)]
    Command.objects.update(client="dave")
    Job.objects.update(requested_by="dave")

    assert post(reader, f"/api/v1/commands/{ids[0]}/approve", {}).status_code == 403
    approved = post(operator, f"/api/v1/commands/{ids[0]}/approve", {"reason": "fine"})
    rejected = post(operator, f"/api/v1/commands/{ids[1]}/reject", {"reason": "no"})
    assert (approved.status_code, approved.json()["hold"]) == (200, "approval")
    assert approved.json()["ledger"][-1]["words"] == "Approved by carol."
    assert (rejected.status_code, rejected.json()["state"]) == (200, "refused")
    assert post(operator, f"/api/v1/commands/{ids[1]}/compensate", {}).status_code == 409
    assert post(operator, f"/api/v1/commands/{uuid4()}/compensate", {}).status_code == 404

    Command.objects.filter(pk=ids[0]).update(state="proven")
    Command.objects.get(pk=ids[0]).ledger.update(exchange={"step": "answered", "answer": {"id": "E1"}})
    Command.objects.get(pk=ids[0]).ledger.update(state="proven")
    taken = post(operator, f"/api/v1/commands/{ids[0]}/compensate", {"reason": "mistake"})
    assert taken.status_code == 200
    assert Command.objects.get(compensates=ids[0]).pk.hex == taken.json()["compensations"][0].replace("-", "")
