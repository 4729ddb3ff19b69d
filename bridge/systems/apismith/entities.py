"""What is read from the ERP: customers, items, orders and their lines. Columns are Oracle's."""

from __future__ import annotations

from bridge.systems.apismith import pushes
from bridge.systems.apismith.client import ApiSmith, Runtime
from sync.declare import Budget, Entity, Parent, Signed, System, Webhook, XRateLimit, every, minutes
from sync.fields import Boolean, Bytes, Date, Decimal, Field, Integer, Money, Text, Timestamp

DAY = ("%m/%d/%Y",)
SESSION_ZONE = (
    "Europe/Berlin"  # of APISmith's database session: what TIMESTAMP WITH LOCAL TIME ZONE is written in
)
SPOKEN_ZONES = {
    "AKST": "America/Anchorage",
    "MST": "America/Denver",
    "PST": "America/Los_Angeles",
}
"""What the ERP's users write for the zones of their offices, summer and winter."""
STAMPS: dict[str, Field] = {
    "row_version": Integer(source="ROW_VERSION", required=True),
    "last_updated": Timestamp(source="LAST_UPDATE_DATE", required=True, fraction=3),
}
VOLATILE = tuple(STAMPS)
SIGNED = Signed(variable="APISMITH_WEBHOOK_SECRET")


def told(**key: str) -> Webhook:
    """The ERP tells of a change, with the record or with its key only. `key` says ours=theirs."""
    return Webhook(
        signed=SIGNED,
        key={ours: f"key.{theirs}" for ours, theirs in key.items()},
        row="record",
        at="at",
        act="event",
        version="version",
    )


customers = Entity(
    name="customers",
    label="customers",
    source=Runtime(entity="customers", key={"customer_id": "CUSTOMER_ID"}),
    key=("customer_id",),
    cursor="last_updated",
    version="row_version",
    fields={
        "customer_id": Text(source="CUSTOMER_ID", required=True),
        "company_name": Text(source="COMPANY_NAME", required=True),
        "contact_name": Text(source="CONTACT_NAME"),
        "contact_title": Text(source="CONTACT_TITLE"),
        "address": Text(source="ADDRESS"),
        "city": Text(source="CITY"),
        "region": Text(source="REGION"),
        "postal_code": Text(source="POSTAL_CODE"),
        "country": Text(source="COUNTRY"),
        "phone": Text(source="PHONE"),
        "fax": Text(source="FAX"),
        "country_code": Text(source="COUNTRY_CODE", trim="end", max_length=2),  # CHAR(4)
        "sales_area": Text(source="SALES_AREA", empty_is_null=True, max_bytes=30),  # VARCHAR2(30 BYTE)
        "tax_reference": Text(source="TAX_REFERENCE", nulls=("N/A",)),
        "credit_limit": Money(
            source="CREDIT_LIMIT", digits=9, places=-2, rounding="half_up"
        ),  # NUMBER(9, -2)
        "row_guid": Bytes(source="ROW_GUID", max_bytes=16),  # RAW(16)
        "address_label": Text(source="ADDRESS_LABEL"),  # CLOB
        **STAMPS,
    },
    volatile=VOLATILE,
    filters=("company_name", "country"),
    freshness=minutes(30),
    schedule=every(minutes=30),
    targets=(pushes.customers,),
    webhook=told(customer_id="CUSTOMER_ID"),
)

items = Entity(
    name="items",
    label="items",
    source=Runtime(entity="items", key={"item_id": "PRODUCT_ID"}, number="PRODUCT_ID"),
    key=("item_id",),
    cursor="last_updated",
    version="row_version",
    fields={
        "item_id": Integer(source="PRODUCT_ID", required=True),
        "name": Text(source="PRODUCT_NAME", required=True),
        "supplier_id": Integer(source="SUPPLIER_ID"),
        "category_id": Integer(source="CATEGORY_ID"),
        "quantity_per_unit": Text(source="QUANTITY_PER_UNIT"),
        "unit_price": Money(source="UNIT_PRICE"),
        "units_in_stock": Integer(source="UNITS_IN_STOCK"),
        "units_on_order": Integer(source="UNITS_ON_ORDER"),
        "reorder_level": Integer(source="REORDER_LEVEL"),
        "discontinued": Boolean(source="DISCONTINUED"),
        "unit_of_measure": Text(source="UOM_CODE", trim="end", max_length=8),  # CHAR(8)
        "standard_cost": Money(source="STANDARD_COST", digits=12, places=4, rounding="half_even"),
        "item_guid": Bytes(source="ITEM_GUID", max_bytes=16),
        "long_description": Text(source="LONG_DESCRIPTION"),  # CLOB
        **STAMPS,
    },
    volatile=VOLATILE,
    filters=("name", "category_id"),
    aliases=("item",),
    owns_name=True,
    freshness=minutes(60),
    schedule=every(hours=1),
    targets=(pushes.items,),
    webhook=told(item_id="PRODUCT_ID"),
)

orders = Entity(
    name="orders",
    label="orders",
    source=Runtime(entity="orders", key={"order_id": "ORDER_ID"}, number="ORDER_ID"),
    key=("order_id",),
    cursor="last_updated",
    version="row_version",
    fields={
        "order_id": Integer(source="ORDER_ID", required=True),
        "customer_id": Text(source="CUSTOMER_ID", required=True),
        "employee_id": Integer(source="EMPLOYEE_ID"),
        "ordered_on": Date(source="ORDER_DATE", formats=DAY),
        "required_on": Date(source="REQUIRED_DATE", formats=DAY),
        "shipped_on": Date(source="SHIPPED_DATE", formats=DAY),
        "ship_via": Integer(source="SHIP_VIA"),
        "freight": Money(source="FREIGHT"),
        "ship_name": Text(source="SHIP_NAME"),
        "ship_address": Text(source="SHIP_ADDRESS"),
        "ship_city": Text(source="SHIP_CITY"),
        "ship_region": Text(source="SHIP_REGION"),
        "ship_postal_code": Text(source="SHIP_POSTAL_CODE"),
        "ship_country": Text(source="SHIP_COUNTRY"),
        # DATE: its time of day is of no use, and RR says which century two digits mean.
        "booked_on": Date(source="BOOKED_DATE", formats=("%Y-%m-%d %H:%M:%S",), drop_time=True),
        "promised_on": Date(source="PROMISED_DATE", formats=("%d-%b-%y",), pivot=1950),
        "booked_at": Timestamp(  # TIMESTAMP(3) WITH TIME ZONE
            source="BOOKED_AT", formats=("%Y-%m-%d %H:%M:%S%.f %Z",), zones=SPOKEN_ZONES, fraction=3
        ),
        "invoiced_at": Timestamp(  # TIMESTAMP(0) WITH LOCAL TIME ZONE
            source="INVOICED_AT",
            formats=("%Y-%m-%d %H:%M:%S",),
            zone=SESSION_ZONE,
            ambiguous="latest",
            nonexistent="shift",
        ),
        **STAMPS,
    },
    volatile=VOLATILE,
    parents=(Parent(entity="customers", by={"customer_id": "customer_id"}),),
    filters=("customer_id", "ordered_on"),
    freshness=minutes(15),
    schedule=every(minutes=15),
    targets=(pushes.orders,),
    webhook=told(order_id="ORDER_ID"),
)

order_lines = Entity(
    name="order_lines",
    label="order lines",
    source=Runtime(
        entity="order_lines", key={"order_id": "ORDER_ID", "item_id": "PRODUCT_ID"}, number="ORDER_ID"
    ),
    key=("order_id", "item_id"),
    cursor="last_updated",
    version="row_version",
    fields={
        "order_id": Integer(source="ORDER_ID", required=True),
        "item_id": Integer(source="PRODUCT_ID", required=True),
        "unit_price": Money(source="UNIT_PRICE", required=True),
        "quantity": Decimal(source="QUANTITY"),
        "discount": Decimal(source="DISCOUNT"),
        "amount": Money(source="LINE_AMOUNT", digits=12, places=2, rounding="half_up"),  # NUMBER(12, 2)
        "price_type": Text(source="PRICE_TYPE", trim="end", allowed=("LIST", "PROMO")),  # CHAR(6)
        "line_guid": Bytes(source="LINE_GUID", max_bytes=16),
        "price_reason": Text(source="PRICE_REASON", empty_is_null=True),
        **STAMPS,
    },
    volatile=VOLATILE,
    parents=(
        Parent(entity="orders", by={"order_id": "order_id"}),
        Parent(entity="items", by={"item_id": "item_id"}),
    ),
    filters=("order_id", "item_id"),
    owns_name=True,
    freshness=minutes(15),
    schedule=every(minutes=15),
    targets=(pushes.order_lines,),
    webhook=told(order_id="ORDER_ID", item_id="PRODUCT_ID"),
)

system = System(
    name="apismith",
    label="APISmith",
    client=ApiSmith,
    entities=(customers, items, orders, order_lines),
    budget=Budget(per_second=20, concurrent=4),
    rate_headers=XRateLimit(reset="seconds"),
)
