"""/api/v1/pending-children."""

from __future__ import annotations

from django.test import Client

from tests import factories

WAITING = "/api/v1/pending-children"


def test_it_shows_who_waits_for_what(reader: Client) -> None:
    factories.pending_child()

    (shown,) = reader.get(WAITING).json()["items"]

    assert (shown["entity"], shown["parent_entity"]) == ("shop.gadgets", "shop.makers")
    assert shown["data"]["maker"] == 9


def test_it_filters_by_entity(reader: Client) -> None:
    factories.pending_child()

    assert reader.get(f"{WAITING}?entity=shop.parts").json()["items"] == []
