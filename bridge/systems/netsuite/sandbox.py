"""The NetSuite account of the sandbox: AdventureWorks' customers and products as NetSuite holds them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cache

from bridge.sandbox.data import read
from bridge.sandbox.store import Table
from bridge.sandbox.suitetalk.far_end import SuiteTalk
from bridge.sandbox.suitetalk.login import Account
from bridge.sandbox.suitetalk.record_type import MODIFIED, RecordType
from bridge.sandbox.tokens import NULL, Columns, as_string, quoted, text_of

# No secrets: they open the sandbox only, and are printed in its README. Keys are the environment's.
CREDENTIALS = {
    "NETSUITE_ACCOUNT": "SANDBOX",
    "NETSUITE_CONSUMER_KEY": "sandbox-consumer-key",
    "NETSUITE_CONSUMER_SECRET": "sandbox-consumer-secret",
    "NETSUITE_TOKEN_ID": "sandbox-token-id",
    "NETSUITE_TOKEN_SECRET": "sandbox-token-secret",
}
BROKEN_DATE = b'"2026-13-45 99:61:00"'
# NetSuite shows moments to the second.
STEP = timedelta(seconds=1)
_CUSTOMER_NAMES = (
    "entityId accountNumber companyName firstName middleName lastName email territory creditLimit isPerson "
    "isInactive externalId comments"
)
_ITEM_NAMES = (
    "itemId displayName itemType color listPrice cost size weight weightUnit class style productLine "
    "safetyStockLevel reorderPoint sellStartDate sellEndDate isInactive externalId"
)
# Theirs: the file's. Numbers become strings, digits untouched.
_ITEM_COLUMNS = {
    "id": "ProductID",
    "itemid": "ProductNumber",
    "displayname": "Name",
    "color": "Color",
    "listprice": "ListPrice",
    "cost": "StandardCost",
    "size": "Size",
    "weight": "Weight",
    "weightunit": "WeightUnitMeasureCode",
    "class": "Class",
    "style": "Style",
    "productline": "ProductLine",
    "safetystocklevel": "SafetyStockLevel",
    "reorderpoint": "ReorderPoint",
}


def far_end() -> SuiteTalk:
    """Make the account, its rows as they are at the start."""
    account = Account(
        realm=CREDENTIALS["NETSUITE_ACCOUNT"],
        consumer_key=CREDENTIALS["NETSUITE_CONSUMER_KEY"],
        consumer_secret=CREDENTIALS["NETSUITE_CONSUMER_SECRET"],
        token_id=CREDENTIALS["NETSUITE_TOKEN_ID"],
        token_secret=CREDENTIALS["NETSUITE_TOKEN_SECRET"],
    )
    return SuiteTalk("netsuite", account, [_customer(), _item()])


def _customer() -> RecordType:
    dirt = _dirt(missing="entityid", number="creditlimit")
    return RecordType(
        table=Table(
            name="customer",
            names=("customers",),
            key={"id": int},
            load=_customers,
            columns=("creditlimit", "comments", "externalid"),
            stamps=(MODIFIED,),
            step=STEP,
            dirt=dirt,
        ),
        rest="customer",
        numbers=frozenset({"creditlimit"}),
        flags=frozenset({"isperson", "isinactive"}),
        display={"territory": _territories()},
        names=_camel(_CUSTOMER_NAMES),
        numbered="entityid",
    )


def _item() -> RecordType:
    dirt = _dirt(missing="itemid", number="listprice")
    return RecordType(
        table=Table(
            name="item",
            names=("items", "product", "products", "inventoryItem"),
            key={"id": int},
            load=_items,
            columns=("externalid",),
            stamps=(MODIFIED,),
            step=STEP,
            dirt=dirt,
        ),
        rest="inventoryItem",
        numbers=frozenset({"listprice", "cost", "weight", "safetystocklevel", "reorderpoint"}),
        dates=frozenset({"sellstartdate", "sellenddate"}),
        flags=frozenset({"isinactive"}),
        aliases={"baseprice": "listprice"},
        names=_camel(_ITEM_NAMES),
        required=("itemid",),
    )


def _dirt(*, missing: str, number: str) -> dict[str, Columns]:
    kinds: dict[str, Columns] = {
        "missing": {missing: NULL},
        "date": {MODIFIED: BROKEN_DATE},
        "number": {number: b'"about ten"'},
    }
    return kinds | {"several": {name: token for columns in kinds.values() for name, token in columns.items()}}


def _camel(names: str) -> dict[str, str]:
    return {name.lower(): name for name in names.split()}


@cache
def _territories() -> dict[str, str]:
    rows = read("adventureworks/sales_territory")
    return {text_of(row["TerritoryID"]): text_of(row["Name"]) for row in rows}


@cache
def _customers() -> tuple[Columns, ...]:
    stores = {row["BusinessEntityID"]: row for row in read("adventureworks/store")}
    people = {row["businessentityid"]: row for row in read("adventureworks/person")}
    emails = {row["BusinessEntityID"]: row for row in read("adventureworks/email_address")}
    return tuple(
        _customer_columns(
            row, stores.get(row["StoreID"]), people.get(row["PersonID"]), emails.get(row["PersonID"])
        )
        for row in read("adventureworks/customer")
    )


def _customer_columns(
    row: Columns, store: Columns | None, person: Columns | None, email: Columns | None
) -> Columns:
    columns = {
        "id": row["CustomerID"],
        "entityid": row["AccountNumber"],
        "accountnumber": row["AccountNumber"],
        "companyname": store["Name"] if store else NULL,
        "firstname": person["firstname"] if person else NULL,
        "middlename": person["middlename"] if person else NULL,
        "lastname": person["lastname"] if person else NULL,
        "email": email["EmailAddress"] if email else NULL,
        "territory": row["TerritoryID"],
        "isperson": b'"F"' if store else b'"T"',
        "isinactive": b'"F"',
    }
    return _without_nulls(columns)


@cache
def _items() -> tuple[Columns, ...]:
    return tuple(_item_columns(row) for row in read("adventureworks/product"))


def _item_columns(row: Columns) -> Columns:
    columns = {ours: row[theirs] for ours, theirs in _ITEM_COLUMNS.items()}
    columns |= dict(_days(row))
    return _without_nulls(columns | {"itemtype": b'"InvtPart"', "isinactive": b'"F"'})


def _days(row: Columns) -> Iterator[tuple[str, bytes]]:
    """The dates of sale, without their midnight: NetSuite holds bare dates."""
    for ours, theirs in (("sellstartdate", "SellStartDate"), ("sellenddate", "SellEndDate")):
        token = row[theirs]
        yield ours, token if token == NULL else quoted(text_of(token).partition(" ")[0])


def _without_nulls(columns: Columns) -> Columns:
    return {name: as_string(token) for name, token in columns.items() if token != NULL}
