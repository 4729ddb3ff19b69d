"""/api/v1/schedules."""

from __future__ import annotations

from django.test import Client

from tests import factories


def test_it_shows_every_schedule(reader: Client) -> None:
    factories.schedule("nightly", every=None, cron="0 3 * * *", zone="Europe/Vienna")

    shown = {one["name"]: one for one in reader.get("/api/v1/schedules").json()["items"]}

    assert shown["nightly"]["cron"] == "0 3 * * *"
    assert shown["nightly"]["entity"] == "shop.gadgets"
