"""Oracle's types, as the ERP's gateway hands them through, and what becomes of them in the mirror."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bridge.systems.apismith.oracle import DERIVED
from sync.models import FailedRecord, Record
from tests.integration.pipeline.conftest import sync
from tests.integration.targets.conftest import Hub, hub
from tests.sandboxed import change

__all__ = ["hub"]
NULL = b"null"


def served(**wanted: Any) -> dict[str, Any]:
    (row,) = Record.objects.filter(**{f"data__{name}": value for name, value in wanted.items()})
    return dict(row.data)


def some(row: dict[str, Any], **expected: Any) -> None:
    assert {name: row[name] for name in expected} == expected


def test_every_row_is_read_and_none_is_refused(hub: Hub) -> None:
    rows = {
        name: sync(f"apismith.{name}")["inserted"] for name in ("customers", "items", "orders", "order_lines")
    }

    assert rows == {"customers": 91, "items": 77, "orders": 830, "order_lines": 2155}
    assert not FailedRecord.objects.exists()


def test_char_varchar2_number_raw_and_clob(hub: Hub) -> None:
    sync("apismith.customers")

    some(
        served(customer_id="ALFKI"),
        country_code="DE",  # CHAR(4)
        sales_area=None,  # the empty text is Oracle's null
        tax_reference="DE 0300076545",
        credit_limit="15400",  # 15430.17 as NUMBER(9, -2)
        row_guid="938923b86c1ab882985faaf3740c238f",
        address_label="Maria Anders\nObere Str. 57\n12209 Berlin\nGermany",
    )
    some(served(customer_id="SPLIR"), sales_area="WY")
    assert Record.objects.filter(data__tax_reference=None).count() == 22, "N/A is none"


def test_numbers_are_rounded_as_declared_and_not_before(hub: Hub) -> None:
    for name in ("customers", "items", "orders", "order_lines"):
        sync(f"apismith.{name}")

    some(served(item_id=1, name="Chai"), unit_of_measure="BAGS", standard_cost="11.0222")
    some(
        served(order_id=10250, item_id=51),
        amount="1261.4",
        discount="0.15",
        price_type="PROMO",
        price_reason="15% less",
    )
    some(served(order_id=10248, item_id=11, quantity="12"), price_type="LIST", price_reason=None)


def test_dates_lose_their_time_of_day_and_find_their_century(hub: Hub) -> None:
    sync("apismith.customers")
    sync("apismith.orders")

    some(served(order_id=10248), booked_on="1996-07-04", promised_on="1996-08-01")
    assert not Record.objects.filter(data__promised_on__gt="1999").exists()


@pytest.mark.parametrize(
    ("shipped", "invoiced"),
    [
        ("7/16/1996", "1996-07-21T00:30:00Z"),
        ("10/25/1996", "1996-10-27T01:30:00Z"),  # half past two came twice: the later one
        ("3/28/1997", "1997-03-30T01:30:00Z"),  # and never: half past three
    ],
)
def test_local_times_are_read_in_the_zone_of_the_session(hub: Hub, shipped: str, invoiced: str) -> None:
    sync("apismith.customers")
    change(hub.sandbox, "apismith/orders/10248", json.dumps({"SHIPPED_DATE": shipped}))

    sync("apismith.orders")

    some(served(order_id=10248), invoiced_at=invoiced)


@pytest.mark.parametrize(
    ("place", "booked"),
    [
        ({"SHIP_COUNTRY": "France"}, "1996-07-04T11:25:25.525Z"),
        ({"SHIP_COUNTRY": "USA", "SHIP_REGION": "OR"}, "1996-07-04T20:25:25.525Z"),  # PST, in summer
        ({"SHIP_COUNTRY": "nowhere"}, "1996-07-04T13:25:25.525Z"),
    ],
)
def test_a_moment_is_read_in_the_zone_that_it_names(hub: Hub, place: dict[str, str], booked: str) -> None:
    sync("apismith.customers")
    change(hub.sandbox, "apismith/orders/10248", json.dumps(place))

    sync("apismith.orders")

    some(served(order_id=10248), booked_at=booked)


@pytest.mark.parametrize("name", DERIVED)
@pytest.mark.parametrize("value", [NULL, b'"about ten"', b"13/45", b"NaN", b'""', b"1e400"])
def test_whatever_a_row_holds_its_columns_can_be_made(name: str, value: bytes) -> None:
    columns = DERIVED[name]({})
    spoiled = dict.fromkeys(
        ("UNIT_PRICE", "QUANTITY", "DISCOUNT", "ORDER_DATE", "COUNTRY", "FAX", "QUANTITY_PER_UNIT"), value
    )

    assert DERIVED[name](spoiled).keys() == columns.keys()


def test_a_change_by_hand_changes_what_is_made_of_it(hub: Hub) -> None:
    for name in ("customers", "items", "orders", "order_lines"):
        sync(f"apismith.{name}")
    change(hub.sandbox, "apismith/order_lines/10248,11", json.dumps({"QUANTITY": 2}))

    sync("apismith.order_lines")

    some(served(order_id=10248, item_id=11, quantity="2"), amount="28")
