"""A target that begins to read when the oldest changes are kept no longer gets every record all the same."""

from __future__ import annotations

from sync.models import Change
from tests.integration.targets.conftest import Hub, push, sync

ITEMS = "apismith.items"


def test_it_gets_every_record_and_then_what_changes(hub: Hub) -> None:
    sync(ITEMS)
    Change.objects.all().delete()

    first = push()
    hub.change("items/1", '{"UNIT_PRICE": 19.90}')
    sync(ITEMS)
    second = push()

    assert (first["inserted"], len(hub.rows("items"))) == (77, 77)
    assert (second["updated"], second["read"]) == (1, 1)
