"""APISmith's quirks: the runtime API, reads by filters, its service token."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from bridge.sandbox.server import Sandbox
from bridge.systems.apismith.client import ApiSmith, Runtime
from bridge.systems.apismith.entities import customers, items, order_lines, orders
from sync.declare import Entity
from sync.errors import ConfigError, TransientError
from sync.sources import Ask, Page, Window, windows_of
from tests.sandboxed import asked, change, switch


def pages(entity: Entity, **ask: Any) -> list[Page]:
    return list(ApiSmith(gate=None).pages(entity.source, Ask(**ask)))


@pytest.mark.parametrize(
    ("entity", "rows"), [(customers, 91), (items, 77), (orders, 830), (order_lines, 2155)]
)
def test_pages_cover_every_row_once(sandbox: Sandbox, entity: Entity, rows: int) -> None:
    found = [row for page in pages(entity, page_size=500) for row in page.rows]

    assert len(found) == len(set(found)) == rows


@pytest.mark.parametrize("entity", [customers, items, orders, order_lines])
def test_every_declared_column_is_there(sandbox: Sandbox, entity: Entity) -> None:
    row = json.loads(pages(entity)[0].rows[0])

    assert {field.source for field in entity.fields.values()} == set(row)


def test_only_what_changed_since_is_read(sandbox: Sandbox) -> None:
    newest = max(json.loads(row)["LAST_UPDATE_DATE"] for page in pages(orders) for row in page.rows)
    change(sandbox, "apismith/orders/10248", '{"FREIGHT": 1.10}')

    (page,) = pages(orders, since=newest)

    assert page.total == 2
    assert any(b'"FREIGHT":1.10,' in row for row in page.rows)


def test_a_window_of_keys_is_asked_for_by_filters(sandbox: Sandbox) -> None:
    found = pages(order_lines, window=Window(by="key", low="10248", high="10250"), page_size=2)

    assert {json.loads(row)["ORDER_ID"] for page in found for row in page.rows} == {10248, 10249}
    (filters,) = {entry["query"]["filters"] for entry in asked(sandbox, "apismith")}
    assert json.loads(filters) == {"ORDER_ID": {"gte": "10248", "lt": "10250"}}


def test_windows_of_moments_together_are_everything(sandbox: Sandbox) -> None:
    marks = ["2024-01-01T00:00:00.000Z", "2025-06-01T00:00:00.000Z", "2030-01-01T00:00:00.000Z"]

    parts = [
        [row for page in pages(orders, window=Window(by="cursor", low=low, high=high)) for row in page.rows]
        for low, high in pairwise(marks)
    ]

    assert all(parts)
    assert len({row for part in parts for row in part}) == sum(map(len, parts)) == 830


def test_keys_that_are_texts_have_no_windows(sandbox: Sandbox) -> None:
    assert windows_of(customers.source) == {"cursor"}
    assert windows_of(orders.source) == {"cursor", "key"}
    with pytest.raises(ConfigError) as caught:
        pages(customers, window=Window(by="key", low="1", high="2"))
    assert caught.value.code == "no_windows"


def test_one_row_is_found_by_all_parts_of_its_key(sandbox: Sandbox) -> None:
    page = ApiSmith(gate=None).one(order_lines.source, {"order_id": "10248", "item_id": "11"})

    assert page
    assert json.loads(page.rows[0])["PRODUCT_ID"] == 11
    (entry,) = asked(sandbox, "apismith")
    assert json.loads(entry["query"]["filters"]) == {"ORDER_ID": "10248", "PRODUCT_ID": "11"}


@pytest.mark.parametrize("key", ["nobody", "", '"', "ALFKI' OR '1'='1", "é"])
def test_a_key_of_nobody_is_none(sandbox: Sandbox, key: str) -> None:
    assert ApiSmith(gate=None).one(customers.source, {"customer_id": key}) is None


def test_a_refused_token_is_a_matter_of_configuration(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTERNAL_SERVICE_JWT_SECRET", "another secret of more than thirty-two bytes")

    with pytest.raises(ConfigError, match="The bearer token is refused") as caught:
        ApiSmith(gate=None).check()

    assert caught.value.code == "credentials_refused"


def test_trouble_comes_in_its_own_words(sandbox: Sandbox) -> None:
    switch(sandbox, "apismith", "500")

    with pytest.raises(TransientError, match="ORA-00600: internal error") as caught:
        ApiSmith(gate=None).check()

    assert caught.value.code == "far_end_error"


@pytest.mark.parametrize("how", ["pages", "one"])
def test_an_entity_it_does_not_have_is_a_matter_of_configuration(sandbox: Sandbox, how: str) -> None:
    invoices = Runtime(entity="invoices", key={"id": "ID"})
    client = ApiSmith(gate=None)

    with pytest.raises(ConfigError, match="there is no 'invoices' here") as caught:
        list(client.pages(invoices, Ask())) if how == "pages" else client.one(invoices, {"id": "1"})

    assert caught.value.code == "no_such_path"


def test_what_is_not_configured_is_named(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("APISMITH_URL")

    with pytest.raises(ConfigError, match="set APISMITH_URL, or use the sandbox") as caught:
        ApiSmith(gate=None)

    assert caught.value.code == "not_configured"
