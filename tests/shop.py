"""A system of the tests' own: makers, gadgets made by makers, parts of gadgets (and of other parts)."""

from __future__ import annotations

from sync.declare import Backoff, Entity, Parent, Signed, System, Webhook, minutes
from sync.fields import Decimal, Integer, Join, Money, Text, Timestamp, lower
from sync.sources.paging import Offset
from sync.sources.rest import Rest, RestClient
from tests.farend import current_url
from tests.letters import COMMANDS

CHANGED = Timestamp(source="updated_at", formats=("%Y-%m-%dT%H:%M:%SZ",))
PAGING = Offset(total="total")
SIGNED = Signed(variable="SHOP_WEBHOOK_SECRET")
KEYS = ("from", "below")

makers = Entity(
    name="makers",
    source=Rest(
        path="/makers",
        key_path="/makers/{id}",
        since_param="since",
        until_param="until",
        key_params=KEYS,
        paging=PAGING,
    ),
    key=("id",),
    cursor="changed",
    fields={"id": Integer(required=True), "name": Text(required=True), "changed": CHANGED},
    volatile=("changed",),
)
gadgets = Entity(
    name="gadgets",
    source=Rest(
        path="/gadgets",
        key_path="/gadgets/{id}",
        since_param="since",
        until_param="until",
        key_params=KEYS,
        paging=PAGING,
    ),
    key=("id",),
    cursor="changed",
    fields={
        "id": Integer(required=True),
        "name": Text(required=True, max_length=40),
        "email": Text(clean=(lower,)),
        "price": Money(),
        "weight": Decimal(),
        "note": Text(),
        "maker": Integer(),
        "changed": CHANGED,
    },
    computed={"title": Join("name", "note", by=" / ")},
    volatile=("changed",),
    parents=(Parent(entity="makers", by={"maker": "id"}),),
    filters=("email", "price"),
    owns_name=True,
    aliases=("gadget",),
    freshness=minutes(15),
    page_size=10,
    retry=Backoff(1, 10, 60),
    webhook=Webhook(signed=SIGNED, key={"id": "id"}, row="gadget", at="at", act="event"),
)
parts = Entity(
    name="parts",
    source=Rest(path="/parts", key_path="/parts/{id}", key_params=KEYS, paging=PAGING),
    key=("id",),
    fields={"id": Integer(required=True), "gadget": Integer(), "of": Integer(), "name": Text()},
    parents=(Parent(entity="gadgets", by={"gadget": "id"}), Parent(entity="parts", by={"of": "id"})),
    webhook=Webhook(signed=SIGNED, key={"id": "id"}, row="part", at="at", act="event", events="events"),
)
notes = Entity(
    name="notes",
    source=Rest(path="/notes", paging=PAGING),  # cannot be read by key
    key=("id",),
    fields={"id": Integer(required=True), "text": Text()},
    webhook=Webhook(signed=SIGNED, key={"id": "id"}),
)
system = System(
    name="shop",
    label="Shop",
    client=lambda: RestClient("shop", current_url()),
    entities=(makers, gadgets, parts, notes),
    commands=COMMANDS,
    private=True,
)
