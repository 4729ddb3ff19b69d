"""The sandbox's APISmith, asked over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import requests

from bridge.sandbox.server import Sandbox
from bridge.systems.apismith.sandbox import CREDENTIALS

SECRET = CREDENTIALS["INTERNAL_SERVICE_JWT_SECRET"]


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setenv("INTERNAL_SERVICE_JWT_SECRET", SECRET)
    with Sandbox(systems=["apismith"]) as running:
        yield running


def token(secret: str = SECRET, **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": "bridge", "aud": "apismith", "iat": now, "exp": now + 600, **changes}
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, secret, "HS256")


def ask(sandbox: Sandbox, entity: str, bearer: str | None = None, **params: Any) -> requests.Response:
    url = f"{sandbox.url}/apismith/api/v1/runtime/{entity}/execute"
    headers = {"Authorization": f"Bearer {bearer or token()}"}
    return requests.get(url, params=params, headers=headers, timeout=10)


def change(sandbox: Sandbox, method: str, path: str, body: str = "") -> None:
    answer = requests.request(method, f"{sandbox.url}/_control/apismith/{path}", data=body, timeout=10)
    assert answer.ok, answer.text


@pytest.mark.parametrize(
    ("entity", "total"), [("customers", 91), ("items", 77), ("orders", 830), ("order_lines", 2155)]
)
def test_pages_cover_every_row_once(sandbox: Sandbox, entity: str, total: int) -> None:
    found: list[str] = []
    more = True
    while more:
        page = ask(sandbox, entity, limit=500, offset=len(found)).json()
        found += [str(item) for item in page["items"]]
        more = page["hasMore"]
        assert (page["entity"], page["count"], page["total"]) == (entity, len(page["items"]), total)

    assert len(found) == len(set(found)) == total


def test_columns_are_named_as_an_oracle_erp_would_and_values_kept(sandbox: Sandbox) -> None:
    answer = ask(sandbox, "orders", limit=1)
    order = answer.json()["items"][0]

    assert (order["ORDER_ID"], order["ORDER_DATE"], order["SHIP_REGION"]) == (10248, "7/4/1996", None)
    assert '"FREIGHT":32.38,' in answer.text
    assert order["LAST_UPDATE_DATE"].endswith("Z")
    assert isinstance(order["ROW_VERSION"], int)


@pytest.mark.parametrize(
    "bearer",
    [
        "nonsense",
        token("another-secret-that-is-long-enough-for-hs256"),
        token(iss="someone"),
        token(aud="netsuite"),
        token(iat=None),
        token(exp=None),
        token(exp=int(time.time()) - 60),
        token(exp=int(time.time()) + 4000),
    ],
)
def test_it_refuses_a_wrong_token(sandbox: Sandbox, bearer: str) -> None:
    answer = ask(sandbox, "customers", bearer=bearer)

    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "UNAUTHORIZED")


def test_since_and_rowversion_find_only_what_changed(sandbox: Sandbox) -> None:
    page = ask(sandbox, "order_lines", limit=10_000).json()["items"]
    newest = max(page, key=lambda item: str(item["LAST_UPDATE_DATE"]))

    change(sandbox, "PATCH", "order_lines/10248,11", '{"quantity": 13.0}')
    by_version = ask(sandbox, "order_lines", rowversion=max(item["ROW_VERSION"] for item in page))
    by_date = ask(sandbox, "order_lines", since=newest["LAST_UPDATE_DATE"]).json()["items"]

    assert '"QUANTITY":13.0,' in by_version.text
    assert by_version.json()["total"] == 1
    assert by_date == [by_version.json()["items"][0], newest]


@pytest.mark.parametrize(
    ("filters", "total"),
    [
        ('{"ORDER_ID": 10248}', 3),
        ('{"ORDER_ID": "10248", "PRODUCT_ID": 11.0}', 1),
        ('{"DISCOUNT": 0.15}', 157),
        ('{"DISCOUNT": null}', 0),
        ('{"ORDER_ID": {"gte": "10248", "lt": 10250}}', 5),
        ('{"ORDER_ID": {"gt": 10248, "lte": 10249}}', 2),
        ('{"LAST_UPDATE_DATE": {"gte": "2024-01-01", "lt": "2030-01-01T00:00:00Z"}}', 2155),
        ('{"LAST_UPDATE_DATE": {"lt": "2024-01-01"}}', 0),
    ],
)
def test_filters_compare_columns(sandbox: Sandbox, filters: str, total: int) -> None:
    assert ask(sandbox, "order_lines", filters=filters).json()["total"] == total


def test_filters_find_texts_that_are_not_ascii(sandbox: Sandbox) -> None:
    assert ask(sandbox, "customers", filters='{"CITY": "M\\u00e9xico D.F."}').json()["total"] == 5


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"offset": "x"},
        {"since": "yesterday"},
        {"filters": "["},
        {"filters": '{"NO": 1}'},
        {"filters": '{"ORDER_ID": {"near": 1}}'},
        {"filters": '{"ORDER_ID": {"gte": "x"}}'},
        {"filters": '{"LAST_UPDATE_DATE": {"gte": "x"}}'},
    ],
)
def test_it_refuses_parameters_it_cannot_use(sandbox: Sandbox, params: dict[str, Any]) -> None:
    answer = ask(sandbox, "orders", **params)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_PARAMETER")


def test_an_unknown_entity_is_not_found(sandbox: Sandbox) -> None:
    assert ask(sandbox, "invoices").status_code == 404


def test_an_added_row_has_every_column_and_a_deleted_one_is_gone(sandbox: Sandbox) -> None:
    change(sandbox, "POST", "customers", '{"CUSTOMER_ID":"NEWCO","COMPANY_NAME":"New Company"}')
    change(sandbox, "DELETE", "customers/ALFKI")

    found = {item["CUSTOMER_ID"]: item for item in ask(sandbox, "customers").json()["items"]}

    assert found["NEWCO"]["REGION"] is None
    assert "ALFKI" not in found
    assert len(found) == 91


def test_dirty_lines_keep_the_number_of_rows(sandbox: Sandbox) -> None:
    change(sandbox, "POST", "mood", '{"mood":"dirty","entity":"order_lines"}')

    lines = ask(sandbox, "order_lines", limit=10_000).json()["items"]

    assert len(lines) == 2155
    assert any(line["UNIT_PRICE"] is None for line in lines)
    assert any(line["QUANTITY"] == "about ten" for line in lines)
