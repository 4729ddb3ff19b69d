"""GET /api/v1/webhooks."""

from __future__ import annotations

from django.test import Client

from tests import factories

LIST = "/api/v1/webhooks"


def test_it_lists_what_came_in(reader: Client) -> None:
    factories.inbound()
    newest = factories.inbound(delivery_id="d-9", state="waiting", result=None)

    item = reader.get(LIST).json()["items"][0]

    assert (item["id"], item["delivery_id"], item["entity"]) == (str(newest.pk), "d-9", "shop.gadgets")
    assert (item["state"], item["told"]["rows"], item["result"]) == ("waiting", 1, None)
    assert "body" not in item


def test_it_filters(reader: Client) -> None:
    factories.inbound("shop.parts")
    factories.inbound(state="waiting")

    assert len(reader.get(f"{LIST}?state=waiting").json()["items"]) == 1
    assert len(reader.get(f"{LIST}?entity=shop.parts").json()["items"]) == 1
    assert reader.get(f"{LIST}?state=lost").json()["code"] == "bad_parameter"


def test_it_needs_a_token(db: None, client: Client) -> None:
    assert client.get(LIST).status_code == 401
