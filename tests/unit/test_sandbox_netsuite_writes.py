"""How the sandbox's NetSuite is written to: at once and by external id, or by an asynchronous job with a key."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from requests_oauthlib import OAuth1

from bridge.sandbox.server import Sandbox
from bridge.systems.netsuite.sandbox import CREDENTIALS
from tests.sandboxed import control

KEY = "X-NetSuite-idempotency-key"
LATER = {"Prefer": "respond-async"}


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(systems=("netsuite",)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    control(running, "POST", "reset")


def upsert(sandbox: Sandbox, external: str, headers: dict[str, str], **body: Any) -> requests.Response:
    url = f"{sandbox.url}/netsuite/services/rest/record/v1/customer/eid:{external}"
    return ask("PUT", url, json=body, headers=headers)


def ask(method: str, url: str, **options: Any) -> requests.Response:
    login = OAuth1(
        CREDENTIALS["NETSUITE_CONSUMER_KEY"],
        CREDENTIALS["NETSUITE_CONSUMER_SECRET"],
        CREDENTIALS["NETSUITE_TOKEN_ID"],
        CREDENTIALS["NETSUITE_TOKEN_SECRET"],
        realm=CREDENTIALS["NETSUITE_ACCOUNT"],
        signature_method="HMAC-SHA256",
    )
    return requests.request(method, url, auth=login, timeout=10, **options)


def effects(sandbox: Sandbox) -> list[tuple[str, str | None]]:
    found = control(sandbox, "GET", "netsuite/effects").json()["effects"]
    return [(one["event"], one["idempotency_key"]) for one in found]


def test_a_key_means_nothing_to_a_request_that_is_worked_at_once(sandbox: Sandbox) -> None:
    answers = [upsert(sandbox, "shop-1", {KEY: "k-1"}, companyName="Shop") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 204]
    assert effects(sandbox) == [("created", "k-1"), ("updated", "k-1")]


def test_a_new_customer_without_a_number_is_given_one(sandbox: Sandbox) -> None:
    read = f"{sandbox.url}/netsuite/services/rest/record/v1/customer/eid:shop-2"

    upsert(sandbox, "shop-2", {}, companyName="Shop")
    given = ask("GET", read).json()
    upsert(sandbox, "shop-2", {}, companyName="Shop & Co")

    assert given["entityId"] == f"CUST{given['id']}"
    assert ask("GET", read).json()["entityId"] == given["entityId"]


def test_an_asynchronous_request_is_worked_by_a_job(sandbox: Sandbox) -> None:
    taken = upsert(sandbox, "shop-1", LATER, companyName="Shop")

    place = taken.headers["Location"]
    job = ask("GET", place).json()
    assert (taken.status_code, taken.content) == (202, b"")
    assert place.startswith(f"{sandbox.url}/netsuite/services/rest/async/v1/job/")
    assert (job["completed"], job["progress"]) == (True, "succeeded")
    assert ask("GET", job["task"]["links"][0]["href"]).json()["completed"] is True
    assert ask("GET", f"{place}/task/1/result").status_code == 204


def test_the_same_key_again_is_a_conflict_that_names_the_job(sandbox: Sandbox) -> None:
    first = upsert(sandbox, "shop-1", {**LATER, KEY: "k-1"}, companyName="Shop")

    again = upsert(sandbox, "shop-1", {**LATER, KEY: "k-1"}, companyName="Shop")

    assert (again.status_code, again.json()["title"]) == (400, "Conflict")
    assert again.json()["o:errorDetails"][0]["o:errorCode"] == "IDEMPOTENCY_ERROR"
    assert again.headers["Location"] == first.headers["Location"]
    assert effects(sandbox) == [("created", "k-1")]


def test_a_job_that_failed_has_the_refusal_as_its_result(sandbox: Sandbox) -> None:
    place = upsert(sandbox, "shop-1", LATER, nonsense=1).headers["Location"]

    result = ask("GET", f"{place}/task/1/result")

    assert ask("GET", place).json()["progress"] == "failed"
    assert (result.status_code, result.json()["o:errorDetails"][0]["o:errorCode"]) == (
        400,
        "NONEXISTENT_FIELD",
    )


@pytest.mark.parametrize("rest", ["9", "x", "1/task/2", "1/nothing"])
def test_a_job_that_nobody_sent_does_not_exist(sandbox: Sandbox, rest: str) -> None:
    upsert(sandbox, "shop-1", LATER, companyName="Shop")

    assert ask("GET", f"{sandbox.url}/netsuite/services/rest/async/v1/job/{rest}").status_code == 404


def test_upserts_of_one_external_id_at_once_make_one_record(sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda name: upsert(sandbox, "shop-1", {}, companyName=name), "abcd"))

    assert [answer.status_code for answer in answers] == [204] * 4
    assert sorted(event for event, _ in effects(sandbox)) == ["created"] + ["updated"] * 3
