"""ScheduleHub's quirks: its ids, its parents, its conflicts, its batches."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
import pytest

from bridge.sandbox.server import Sandbox
from bridge.systems.schedulehub.client import client, is_configured, target
from sync.declare import Push
from sync.errors import ConfigError, TransientError
from sync.targets import Sending
from tests.sandboxed import change, switch

ITEMS = Push(target="schedulehub", path="/items", fields={})
ORDERS = Push(target="schedulehub", path="/orders", fields={}, batch=1)
KEY = uuid.uuid5(uuid.NAMESPACE_OID, "one")


def row(op: Any = "c", key: uuid.UUID = KEY, remote_id: str | None = None, **columns: Any) -> Sending:
    marks = {"erp_key_hash": key.hex, "erp_data_hash": "ab" * 32, "erp_rowversion": 1}
    return Sending(op=op, key_hash=key, remote_id=remote_id, body=msgspec.json.encode({**columns, **marks}))


@pytest.mark.parametrize("batch", [1, 1000])
def test_a_row_is_made_changed_and_deleted(sandbox: Sandbox, batch: int) -> None:
    push = Push(target="schedulehub", path="/items", fields={}, batch=batch)
    hub = target(gate=None)

    (made,) = hub.send(push, [row(name="Lamp")])
    (changed,) = hub.send(push, [row("u", remote_id=made.remote_id, name="Lantern")])
    (gone,) = hub.send(push, [row("d", remote_id=made.remote_id)])
    (gone_already,) = hub.send(push, [row("d", remote_id=made.remote_id)])

    assert [outcome.state for outcome in (made, changed, gone, gone_already)] == ["acked"] * 4
    assert made.remote_id == changed.remote_id
    assert hub.find(push, [KEY]) == {}


@pytest.mark.parametrize("batch", [1, 1000])
def test_what_is_there_already_becomes_an_update(sandbox: Sandbox, batch: int) -> None:
    push = Push(target="schedulehub", path="/items", fields={}, batch=batch)
    hub = target(gate=None)
    (made,) = hub.send(push, [row()])

    (again,) = hub.send(push, [row(name="Lamp")])

    assert (again.state, again.op, again.conflict) == ("acked", "u", True)
    assert again.remote_id == made.remote_id


def test_a_missing_parent_is_told_from_a_refusal(sandbox: Sandbox) -> None:
    hub = target(gate=None)

    (orphan,) = hub.send(ORDERS, [row(customer_id=99)])
    (nameless,) = hub.send(ORDERS, [Sending(op="c", key_hash=KEY, body=b"{}")])

    assert (orphan.state, orphan.code) == ("waiting", "PARENT_NOT_FOUND")
    assert (nameless.state, nameless.code) == ("refused", "KEY_MISSING")


def test_a_row_that_is_being_edited_stays_refused(sandbox: Sandbox) -> None:
    hub = target(gate=None)
    (made,) = hub.send(ITEMS, [row()])
    change(sandbox, f"schedulehub/items/{made.remote_id}", '{"locked": true}')

    (refused,) = hub.send(ITEMS, [row("u", remote_id=made.remote_id)])

    assert (refused.state, refused.code, refused.conflict) == ("refused", "LOCKED", True)
    assert "edited by a planner" in refused.answer["message"]


def test_each_row_of_a_batch_has_its_own_answer(sandbox: Sandbox) -> None:
    hub = target(gate=None)
    keys = [uuid.uuid4() for _ in range(1000)]

    outcomes = hub.send(ITEMS, [row(key=key) for key in keys])

    assert {outcome.state for outcome in outcomes} == {"acked"}
    assert len({outcome.remote_id for outcome in outcomes}) == 1000
    assert sum(part.rows for part in hub.ranges(ITEMS)) == 1000
    prefix = keys[0].hex[:2]
    assert {held.key_hash for held in hub.held(ITEMS, prefix)} == {k for k in keys if k.hex[:2] == prefix}


def test_a_wrong_token_is_a_matter_of_configuration(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCHEDULEHUB_TOKEN", "wrong")

    with pytest.raises(ConfigError) as caught:
        target(gate=None).check()

    assert caught.value.code == "credentials_refused"


def test_trouble_comes_in_its_own_words(sandbox: Sandbox) -> None:
    switch(sandbox, "schedulehub", "500")

    with pytest.raises(TransientError, match="Something went wrong on our side"):
        target(gate=None).send(ITEMS, [row()])


def test_without_an_address_it_is_not_set_up(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCHEDULEHUB_URL")

    assert not is_configured()
    with pytest.raises(ConfigError, match="set SCHEDULEHUB_URL"):
        client(gate=None)
