"""The sandbox's NetSuite, asked over HTTP by a client that signs with requests-oauthlib."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from requests_oauthlib import OAuth1

from bridge.sandbox.server import Sandbox
from bridge.systems.netsuite.sandbox import CREDENTIALS

MODIFIED = "TO_CHAR(t.lastmodifieddate,'YYYY-MM-DD HH24:MI:SS') AS lastmodifieddate"
KEYSET = f"SELECT t.id, t.companyname, t.email, {MODIFIED} FROM customer t WHERE t.id > %d ORDER BY t.id ASC"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    control(running, "POST", "reset")


def signed(**changes: Any) -> OAuth1:
    options = {
        "client_key": CREDENTIALS["NETSUITE_CONSUMER_KEY"],
        "client_secret": CREDENTIALS["NETSUITE_CONSUMER_SECRET"],
        "resource_owner_key": CREDENTIALS["NETSUITE_TOKEN_ID"],
        "resource_owner_secret": CREDENTIALS["NETSUITE_TOKEN_SECRET"],
        "realm": CREDENTIALS["NETSUITE_ACCOUNT"],
        "signature_method": "HMAC-SHA256",
    }
    return OAuth1(**{**options, **changes})


def ask(
    sandbox: Sandbox, query: str, limit: int = 1000, offset: int = 0, auth: OAuth1 | None = None
) -> requests.Response:
    return requests.post(
        f"{sandbox.url}/netsuite/services/rest/query/v1/suiteql",
        params={"limit": limit, "offset": offset},
        json={"q": query},
        headers={"Prefer": "transient"},
        auth=auth or signed(),
        timeout=10,
    )


def rows(sandbox: Sandbox, query: str) -> list[dict[str, Any]]:
    answer = ask(sandbox, query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def record(sandbox: Sandbox, method: str, path: str, **options: Any) -> requests.Response:
    url = f"{sandbox.url}/netsuite/services/rest/record/v1/{path}"
    return requests.request(method, url, auth=signed(), timeout=10, **options)


def control(sandbox: Sandbox, method: str, path: str, body: str = "") -> Any:
    answer = requests.request(method, f"{sandbox.url}/_control/{path}", data=body, timeout=10)
    assert answer.ok, answer.text
    return answer.json()


def error_code(answer: requests.Response) -> str:
    code: str = answer.json()["o:errorDetails"][0]["o:errorCode"]
    return code


def test_it_answers_a_signed_query_as_netsuite_does(sandbox: Sandbox) -> None:
    page = ask(sandbox, "SELECT id, entityid FROM customer ORDER BY id", limit=2, offset=2).json()

    assert page["items"] == [
        {"links": [], "id": "3", "entityid": "AW00000003"},
        {"links": [], "id": "4", "entityid": "AW00000004"},
    ]
    assert (page["count"], page["hasMore"], page["offset"], page["totalResults"]) == (2, True, 2, 19_820)
    assert [link["rel"] for link in page["links"]] == ["self", "first", "prev", "next", "last"]


@pytest.mark.parametrize(
    "changes",
    [
        {"realm": "OTHER"},
        {"client_key": "other"},
        {"client_secret": "other"},
        {"resource_owner_key": "other"},
        {"resource_owner_secret": "other"},
        {"signature_method": "HMAC-SHA1"},
        {"nonce": "12345"},
        {"timestamp": str(int(time.time()) - 400)},
    ],
)
def test_it_refuses_a_wrong_login_and_tells_only_the_log_why(
    sandbox: Sandbox, changes: dict[str, str]
) -> None:
    answer = ask(sandbox, "SELECT id FROM item", auth=signed(**changes))

    assert (answer.status_code, error_code(answer)) == (401, "INVALID_LOGIN")
    note = control(sandbox, "GET", "netsuite/log")["requests"][-1]["note"]
    assert note
    assert note not in answer.text


def test_it_refuses_a_nonce_used_before(sandbox: Sandbox) -> None:
    first = ask(sandbox, "SELECT id FROM item", auth=signed(nonce="only-once"))
    second = ask(sandbox, "SELECT id FROM item", auth=signed(nonce="only-once"))

    assert (first.status_code, second.status_code) == (200, 401)


def test_it_refuses_a_query_without_the_transient_preference(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/netsuite/services/rest/query/v1/suiteql"

    answer = requests.post(url, json={"q": "SELECT id FROM item"}, auth=signed(), timeout=10)

    assert (answer.status_code, error_code(answer)) == (400, "INVALID_PARAMETER")


def test_offset_pages_cover_every_customer_once(sandbox: Sandbox) -> None:
    found = [
        item["id"]
        for offset in range(0, 20_000, 1000)
        for item in ask(sandbox, KEYSET % 0, offset=offset).json()["items"]
    ]

    assert len(found) == len(set(found)) == 19_820


def test_keyset_pages_cover_every_customer_once(sandbox: Sandbox) -> None:
    found: list[int] = []
    while page := rows(sandbox, KEYSET % (found[-1] if found else 0)):
        found += [int(item["id"]) for item in page]

    assert len(found) == 19_820
    assert found == sorted(set(found))


@pytest.mark.parametrize(("limit", "offset"), [(1000, 500), (1001, 0), (0, 0), (1000, 100_000)])
def test_it_refuses_pages_netsuite_would_refuse(sandbox: Sandbox, limit: int, offset: int) -> None:
    answer = ask(sandbox, "SELECT id FROM customer", limit=limit, offset=offset)

    assert (answer.status_code, error_code(answer)) == (400, "INVALID_PARAMETER")


def test_null_columns_are_left_out(sandbox: Sandbox) -> None:
    columns = "id, companyname, firstname, lastname, email, creditlimit"
    one, shop, person = rows(
        sandbox, f"SELECT {columns} FROM customer WHERE id IN (11012, 1, 11000) ORDER BY id"
    )

    assert one == {"links": [], "id": "1", "companyname": "A Bike Store"}
    assert shop["firstname"] == "Jon"
    assert "companyname" not in person


def test_every_kind_of_name_and_mail_is_there(sandbox: Sandbox) -> None:
    def count(where: str) -> int:
        return int(rows(sandbox, f"SELECT COUNT(*) AS n FROM customer WHERE {where}")[0]["n"])

    assert count("companyname IS NOT NULL") == 1336
    assert count("email IS NOT NULL") == 19_119
    assert count("companyname IS NULL AND lastname IS NULL") == 17_283


def test_products_keep_the_digits_and_blanks_of_the_source(sandbox: Sandbox) -> None:
    (item,) = rows(sandbox, "SELECT *, BUILTIN.DF(isinactive) AS off FROM item WHERE id = 999")

    assert (item["listprice"], item["cost"], item["class"]) == ("539.99", "343.6496", "L ")
    assert (item["sellstartdate"], item["off"], item["isinactive"]) == ("5/29/2024", "No", "F")
    assert len(rows(sandbox, "SELECT id FROM item")) == 504


def test_modified_moments_are_distinct_and_in_the_past(sandbox: Sandbox) -> None:
    counted = rows(sandbox, f"SELECT id, {MODIFIED} FROM item")
    moments = {item["lastmodifieddate"] for item in counted}

    assert len(moments) == 504
    assert max(moments) < "2026-06-01"


def test_a_change_moves_the_modified_moment_and_since_finds_it_alone(sandbox: Sandbox) -> None:
    start = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    moment = f"TO_DATE('{start}','YYYY-MM-DD HH24:MI:SS')"
    since = f"SELECT id, companyname, {MODIFIED} FROM customer t WHERE lastmodifieddate >= {moment}"

    control(sandbox, "PATCH", "netsuite/customers/11000", '{"companyname":"New name"}')
    (first,) = rows(sandbox, since)
    control(sandbox, "PATCH", "netsuite/customers/11000", '{"companyname":"Newer name"}')
    (second,) = rows(sandbox, since)

    assert (first["id"], first["companyname"], second["companyname"]) == ("11000", "New name", "Newer name")
    assert start <= first["lastmodifieddate"] < second["lastmodifieddate"]


@pytest.mark.parametrize(
    "number", ["1.10", "1e3", "0.1", "1234567890123456789012345678901234567890", '"1.10"']
)
def test_a_value_leaves_with_the_characters_it_was_given(sandbox: Sandbox, number: str) -> None:
    control(sandbox, "PATCH", "netsuite/customer/11000", f'{{"creditlimit": {number}}}')

    answer = ask(sandbox, "SELECT id, creditlimit FROM customer WHERE id = 11000")

    assert f'"items":[{{"links":[],"id":"11000","creditlimit":{number}}}]' in answer.text


def test_a_deleted_row_is_gone_and_an_added_one_is_found(sandbox: Sandbox) -> None:
    control(sandbox, "DELETE", "netsuite/customers/1")
    control(sandbox, "POST", "netsuite/customers", '{"id":"40000","entityid":"NEW"}')

    assert rows(sandbox, "SELECT id FROM customer WHERE id IN (1, 40000)") == [{"links": [], "id": "40000"}]
    assert ask(sandbox, "SELECT id FROM customer").json()["totalResults"] == 19_820


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ("t.id = 7", ["7"]),
        ("id = '7' OR id = 9 AND NOT id = 9", ["7"]),
        ("(id = 7 OR id = 9) AND id <> 9", ["7"]),
        ("id BETWEEN 7 AND 9", ["7", "8", "9"]),
        ("7 >= id AND id > 5", ["6", "7"]),
        ("entityid LIKE 'AW0000000_' AND id > 8", ["9"]),
        ("companyname = 'Trailblazing Sports'", ["187", "29938"]),
        ("BUILTIN.DF(territory) = 'Northwest' AND id < 3", ["1", "2"]),
    ],
)
def test_it_understands_conditions(sandbox: Sandbox, where: str, ids: list[str]) -> None:
    found = rows(sandbox, f"SELECT id FROM customer t WHERE {where} ORDER BY id")

    assert [item["id"] for item in found] == ids


@pytest.mark.parametrize(
    "query",
    [
        "SELECT nothing FROM customer",
        "SELECT id FROM vendor",
        "SELECT id FROM customer WHERE",
        "SELECT id FROM customer LIMIT 5",
        "SELECT UPPER(entityid) FROM customer",
        "SELECT id FROM customer WHERE id > 'x'",
        "SELECT id FROM customer WHERE lastmodifieddate > '2026-01-01'",
        "SELECT id FROM customer WHERE lastmodifieddate > TO_DATE('2026','YYYY-MM-DD')",
        "SELECT TO_CHAR(lastmodifieddate,'MON') FROM customer",
        "DELETE FROM customer",
        "SELECT id ? FROM customer",
    ],
)
def test_it_refuses_what_it_does_not_understand_in_netsuites_words(sandbox: Sandbox, query: str) -> None:
    answer = ask(sandbox, query)

    assert (answer.status_code, error_code(answer)) == (400, "INVALID_PARAMETER")
    assert "Invalid search query" in answer.json()["o:errorDetails"][0]["detail"]


def test_a_record_is_created_read_changed_and_deleted(sandbox: Sandbox) -> None:
    created = record(sandbox, "POST", "customer", json={"companyName": "New", "territory": {"id": "1"}})
    place = created.headers["Location"].rpartition("/")[2]
    changed = record(sandbox, "PATCH", f"customer/{place}", data='{"creditLimit": 10.50}')
    read = record(sandbox, "GET", f"customer/{place}")
    deleted = record(sandbox, "DELETE", f"customer/{place}")
    gone = record(sandbox, "GET", f"customer/{place}")

    assert [created.status_code, changed.status_code, deleted.status_code] == [204, 204, 204]
    assert created.content == b""
    assert read.json()["companyName"] == "New"
    assert read.json()["territory"]["refName"] == "Northwest"
    assert '"creditLimit":10.50' in read.text
    assert (gone.status_code, error_code(gone)) == (404, "NONEXISTENT_ID")


def test_an_upsert_by_external_id_creates_then_changes_the_same_record(sandbox: Sandbox) -> None:
    first = record(sandbox, "PUT", "inventoryItem/eid:A-1", json={"itemId": "X", "displayName": "one"})
    second = record(sandbox, "PUT", "inventoryItem/eid:A-1", json={"displayName": "two"})
    twin = record(sandbox, "POST", "inventoryItem", json={"itemId": "Y", "externalId": "A-1"})

    assert first.headers["Location"] == second.headers["Location"]
    assert record(sandbox, "GET", "inventoryItem/eid:A-1").json()["displayName"] == "two"
    assert (twin.status_code, error_code(twin)) == (400, "USER_ERROR")


def test_it_works_on_five_requests_at_once_and_refuses_the_sixth(sandbox: Sandbox) -> None:
    control(sandbox, "POST", "netsuite/mood", '{"mood":"slow","delay":0.6}')

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: ask(sandbox, "SELECT id FROM item", limit=1), range(6)))

    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429]
    refused = max(answers, key=lambda answer: answer.status_code)
    assert error_code(refused) == "CONCURRENCY_LIMIT_EXCEEDED"
    assert "Retry-After" not in refused.headers


def test_dirty_rows_are_the_listed_ones_and_turn_good_again(sandbox: Sandbox) -> None:
    query = f"SELECT id, itemid, listprice, {MODIFIED} FROM item ORDER BY id"
    good = rows(sandbox, query)

    listed = control(sandbox, "POST", "netsuite/mood", '{"mood":"dirty","share":0.05}')["dirty"]["item"]
    dirty = rows(sandbox, query)
    control(sandbox, "POST", "netsuite/mood", '{"mood":"ok"}')

    differing = {one["id"] for one, other in zip(dirty, good, strict=True) if one != other}
    assert differing == set(listed)
    assert len(listed) == 26
    assert set(listed.values()) == {"missing", "date", "number", "several"}
    assert rows(sandbox, query) == good


def test_several_things_can_be_wrong_with_a_chosen_row(sandbox: Sandbox) -> None:
    mood = {"mood": "dirty", "entity": "customers", "rows": ["11000"], "kinds": ["several"]}

    control(sandbox, "POST", "netsuite/mood", json.dumps(mood))

    (row,) = rows(sandbox, f"SELECT id, entityid, creditlimit, {MODIFIED} FROM customer WHERE id = 11000")
    assert row == {
        "links": [],
        "id": "11000",
        "creditlimit": "about ten",
        "lastmodifieddate": "2026-13-45 99:61:00",
    }


def test_a_renamed_column_is_not_found_by_its_old_name(sandbox: Sandbox) -> None:
    control(sandbox, "POST", "netsuite/mood", '{"mood":"drifted","renamed":{"email":"mail"}}')

    answer = ask(sandbox, KEYSET % 0)

    assert answer.status_code == 400
    assert "Field 'email' for record 'customer' was not found" in answer.text
