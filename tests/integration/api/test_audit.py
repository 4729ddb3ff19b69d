"""/api/v1/audit: who did what, and whether anybody changed that since."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from sync.ids import uuid7
from tests import factories
from tests.integration.api.conftest import Calling
from tests.integration.trail.conftest import act, past_the_triggers

AUDIT = "/api/v1/audit"


@pytest.fixture
def auditor(committed: None, calling: Calling) -> Client:
    """May read and operate, where commits are real."""
    return calling("read", "operate")


def test_an_act_is_told_with_its_reason_and_what_it_changed(auditor: Client) -> None:
    answer = auditor.patch(
        "/api/v1/limits/entity:shop.gadgets",
        {"most": 3, "reason": "more cores"},
        content_type="application/json",
    )
    assert answer.status_code == 200

    (entry,) = auditor.get(AUDIT).json()["items"]

    assert (entry["actor"], entry["door"], entry["act"]) == ("carol", "api", "limit.change")
    assert (entry["object_type"], entry["object_id"]) == ("limit", "entity:shop.gadgets")
    assert (entry["reason"], entry["before"]["most"], entry["after"]["most"]) == ("more cores", 1, 3)
    assert (entry["seq"], len(entry["hash"])) == (1, 64)
    assert auditor.get(f"{AUDIT}/{entry['id']}").json() == entry


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"actor": "otto"}, ["2"]),
        ({"door": "shell"}, ["3"]),
        ({"act": "job.cancel"}, ["3"]),
        ({"act": "job."}, ["3", "2", "1"]),
        ({"act": "job"}, []),
        ({"object_type": "job", "object_id": "2"}, ["2"]),
        ({"request_id": "r-7"}, ["1"]),
        ({"since": (factories.now() - timedelta(hours=1)).isoformat()}, ["3", "2"]),
        ({"until": (factories.now() - timedelta(hours=1)).isoformat()}, ["1"]),
        ({"limit": "2"}, ["3", "2"]),
    ],
)
def test_acts_are_found_by_what_is_known_of_them(
    reader: Client, given: dict[str, str], found: list[str]
) -> None:
    old = factories.now() - timedelta(days=2)
    factories.audit_entry(object_id="1", request_id="r-7", at=old)
    factories.audit_entry(object_id="2", actor="otto")
    factories.audit_entry(object_id="3", door="shell", act="job.cancel")

    assert [item["object_id"] for item in reader.get(AUDIT, given).json()["items"]] == found


def test_pages_follow_each_other(reader: Client) -> None:
    for number in range(3):
        factories.audit_entry(object_id=str(number))

    first = reader.get(AUDIT, {"limit": "2"}).json()
    second = reader.get(AUDIT, {"limit": "2", "after": first["next"]}).json()

    assert [item["object_id"] for item in first["items"] + second["items"]] == ["2", "1", "0"]
    assert second["next"] is None


def test_the_chain_is_looked_at(auditor: Client) -> None:
    for number in range(3):
        act(number)

    whole = auditor.get(f"{AUDIT}/verify").json()

    assert (whole["holds"], whole["entries"], whole["deleted_to"], whole["faults"]) == (True, 3, 0, [])
    assert whole["head"].startswith("3:")
    assert auditor.get(f"{AUDIT}/verify", {"head": whole["head"]}).json()["holds"]
    with past_the_triggers() as cursor:
        cursor.execute("DELETE FROM audit WHERE object_id = 'queue:1'")
    broken = auditor.get(f"{AUDIT}/verify").json()
    assert not broken["holds"]
    assert (broken["faults"][0]["kind"], broken["faults"][0]["seq"]) == ("removed", 2)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("?who=olga", 400, "unknown_parameter"),
        ("?since=yesterday", 400, "bad_since"),
        ("?after=1", 400, "bad_cursor"),
        ("/verify?head=5", 400, "bad_head"),
        ("/5", 404, "not_found"),
        ("/01a20075-c237-73bb-9232-49281ad89a36", 404, "not_found"),
    ],
)
def test_what_makes_no_sense_is_refused(auditor: Client, path: str, status: int, code: str) -> None:
    answer = auditor.get(AUDIT + path)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_who_may_only_read_does_not_have_all_of_it_read(reader: Client) -> None:
    assert reader.get(AUDIT).status_code == 200
    assert reader.get(f"{AUDIT}/verify").status_code == 403


def test_nobody_writes_it(auditor: Client) -> None:
    for path in (AUDIT, f"{AUDIT}/verify", f"{AUDIT}/{uuid7()}"):
        assert auditor.post(path, {}, content_type="application/json").status_code == 405
        assert auditor.delete(path).status_code == 405
