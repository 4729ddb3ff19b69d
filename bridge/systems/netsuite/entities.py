"""What is read from NetSuite. A column that an account lacks is taken out here, or gets its custom name."""

from __future__ import annotations

from bridge.systems.netsuite.client import NetSuite
from bridge.systems.netsuite.commands import upsert_customer
from bridge.systems.netsuite.suiteql import reading
from sync.declare import Backoff, Budget, Entity, System, every, minutes
from sync.fields import Boolean, Date, Decimal, Field, FirstOf, Integer, Join, Money, Text, Timestamp, lower

MODIFIED = Timestamp(source="lastmodifieddate", required=True, formats=("%Y-%m-%d %H:%M:%S",))

CUSTOMER: dict[str, Field] = {
    "netsuite_id": Text(source="id", required=True),
    "entity_id": Text(source="entityid", required=True),
    "account_number": Text(source="accountnumber"),
    "company_name": Text(source="companyname", max_length=200),
    "first_name": Text(source="firstname"),
    "middle_name": Text(source="middlename"),
    "last_name": Text(source="lastname"),
    "email": Text(source="email", clean=(lower,)),
    "territory": Text(source="territory"),
    "credit_limit": Money(source="creditlimit"),
    "comments": Text(source="comments"),
    "is_person": Boolean(source="isperson"),
    "is_inactive": Boolean(source="isinactive"),
    "external_id": Text(source="externalid"),
    "last_modified": MODIFIED,
}

PRODUCT: dict[str, Field] = {
    "netsuite_id": Text(source="id", required=True),
    "item_number": Text(source="itemid", required=True),
    "name": Text(source="displayname"),
    "item_type": Text(source="itemtype"),
    "color": Text(source="color"),
    "list_price": Money(source="listprice"),
    "cost": Money(source="cost"),
    "size": Text(source="size"),
    "weight": Decimal(source="weight"),
    "weight_unit": Text(source="weightunit"),
    "class": Text(source="class"),
    "style": Text(source="style"),
    "product_line": Text(source="productline"),
    "safety_stock_level": Integer(source="safetystocklevel"),
    "reorder_point": Integer(source="reorderpoint"),
    "sold_from": Date(source="sellstartdate"),
    "sold_until": Date(source="sellenddate"),
    "is_inactive": Boolean(source="isinactive"),
    "external_id": Text(source="externalid"),
    "last_modified": MODIFIED,
}

# The tiers agreed for NetSuite: once more at once, then when a passing overload is over, then later.
RETRY = Backoff(1, 10, 60)

customers = Entity(
    name="customers",
    label="customers",
    source=reading("customer", CUSTOMER),
    key=("netsuite_id",),
    cursor="last_modified",
    fields=CUSTOMER,
    computed={"name": FirstOf("company_name", Join("first_name", "last_name"), "account_number")},
    volatile=("last_modified",),
    filters=("email", "name"),
    aliases=("customer",),
    owns_name=True,
    freshness=minutes(15),
    schedule=every(minutes=15),
    retry=RETRY,
)

products = Entity(
    name="products",
    label="products",
    source=reading("item", PRODUCT),
    key=("netsuite_id",),
    cursor="last_modified",
    fields=PRODUCT,
    volatile=("last_modified",),
    filters=("item_number",),
    aliases=("product",),
    owns_name=True,
    freshness=minutes(60),
    schedule=every(hours=1),
    retry=RETRY,
)

system = System(
    name="netsuite",
    label="NetSuite",
    client=NetSuite,
    entities=(customers, products),
    commands=(upsert_customer,),
    budget=Budget(per_second=10, concurrent=5),
)
