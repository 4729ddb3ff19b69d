"""What ScheduleHub gets of the ERP's records: their names there, and which parents it wants."""

from __future__ import annotations

from sync.declare import Push

TARGET = "schedulehub"

customers = Push(
    target=TARGET,
    path="/customers",
    fields={
        "code": "customer_id",
        "name": "company_name",
        "contact": "contact_name",
        "city": "city",
        "country": "country",
        "phone": "phone",
    },
)
items = Push(
    target=TARGET,
    path="/items",
    fields={
        "item_number": "item_id",
        "description": "name",
        "list_price": "unit_price",
        "in_stock": "units_in_stock",
        "discontinued": "discontinued",
    },
    numbers=("list_price",),
)
orders = Push(
    target=TARGET,
    path="/orders",
    fields={
        "number": "order_id",
        "ordered_on": "ordered_on",
        "required_on": "required_on",
        "shipped_on": "shipped_on",
        "freight": "freight",
        "ship_to": "ship_name",
        "ship_city": "ship_city",
        "ship_country": "ship_country",
    },
    parents={"customer_id": "customers"},
    numbers=("freight",),
)
order_lines = Push(
    target=TARGET,
    path="/order_lines",
    fields={
        "order_number": "order_id",
        "item_number": "item_id",
        "unit_price": "unit_price",
        "quantity": "quantity",
        "discount": "discount",
    },
    parents={"order_id": "orders", "item_id": "items"},
    numbers=("unit_price", "quantity", "discount"),
)
