"""A record's past: versions, the mirror as of a moment, lineage, and the feed that tells of each change."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.test import Client

from api.auth import mint
from sync.declare import days
from sync.models import Change, RecordVersion
from tests.factories import now
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, sync

GADGETS = "shop.gadgets"
LAMP = "/api/v1/shop/gadgets/1"


@pytest.fixture
def reader(committed: None) -> Client:
    return Client(headers={"authorization": f"Bearer {mint('carol', ('read',), days(1))}"})


def changed_three_times(far_end: FarEnd) -> list[str]:
    """The moments between the four versions of gadget 1."""
    moments = [now().isoformat()]
    for minute, price in enumerate(("10.00", "11.00", "12.00", "13.00")):
        far_end.set("gadgets", gadget(1, price=price, updated_at=f"2026-01-01T00:0{minute}:00Z"), gadget(2))
        sync(GADGETS, full=True)
        moments.append(now().isoformat())
    return moments


def get(reader: Client, path: str, **params: Any) -> Any:
    response = reader.get(path, params)
    assert response.status_code == 200, response.content
    return response.json()


def test_history_tells_what_each_of_three_changes_changed(far_end: FarEnd, reader: Client) -> None:
    changed_three_times(far_end)

    items = get(reader, f"{LAMP}/history")["items"]

    assert [item["revision"] for item in items] == [4, 3, 2, 1]
    assert items[0]["valid_to"] is None
    assert all(old["valid_to"] == new["valid_from"] for new, old in itertools.pairwise(items))
    prices = [change for item in items for change in item["changes"] if change["field"] == "price"]
    assert [(change["old"], change["new"]) for change in prices] == [("12", "13"), ("11", "12"), ("10", "11")]
    assert items[3]["changes"] == []


def test_history_goes_page_by_page(far_end: FarEnd, reader: Client) -> None:
    changed_three_times(far_end)

    first = get(reader, f"{LAMP}/history", limit=3)
    second = get(reader, f"{LAMP}/history", limit=3, after=first["next"])

    assert [item["revision"] for item in first["items"]] == [4, 3, 2]
    assert [item["revision"] for item in second["items"]] == [1]
    assert first["items"][2]["changes"], "what it changed in the version of the next page"
    assert second["next"] is None


def test_a_record_reads_as_of_every_moment(far_end: FarEnd, reader: Client) -> None:
    before, *after = changed_three_times(far_end)

    prices = [get(reader, LAMP, as_of=moment)["data"]["price"] for moment in after]

    assert prices == ["10", "11", "12", "13"]
    assert get(reader, LAMP, as_of=after[0])["mapping"] == 0
    early = reader.get(LAMP, {"as_of": before})
    assert (early.status_code, early.json()["code"]) == (404, "not_yet_known")


def test_a_list_reads_as_of_every_moment(far_end: FarEnd, reader: Client) -> None:
    before, *after = changed_three_times(far_end)

    lists = [get(reader, "/api/v1/shop/gadgets", as_of=moment)["items"] for moment in after]

    assert [{item["key"]: item["data"]["price"] for item in items} for items in lists] == [
        {"1": price, "2": "10"} for price in ("10", "11", "12", "13")
    ]
    assert get(reader, "/api/v1/shop/gadgets", as_of=before)["items"] == []
    filtered = get(reader, "/api/v1/shop/gadgets", as_of=after[1], price="11.0")["items"]
    assert [item["key"] for item in filtered] == ["1"]


def test_a_list_as_of_goes_page_by_page(far_end: FarEnd, reader: Client) -> None:
    moment = changed_three_times(far_end)[2]

    first = get(reader, "/api/v1/shop/gadgets", as_of=moment, limit=1)
    second = get(reader, "/api/v1/shop/gadgets", as_of=moment, limit=1, after=first["next"])

    assert {item["key"] for item in first["items"] + second["items"]} == {"1", "2"}
    assert second["next"] is None


def test_a_version_that_is_kept_no_longer_is_told_apart(far_end: FarEnd, reader: Client) -> None:
    moments = changed_three_times(far_end)
    RecordVersion.objects.filter(revision=1).delete()

    response = reader.get(LAMP, {"as_of": moments[1]})

    assert (response.status_code, response.json()["code"]) == (410, "not_kept")
    assert get(reader, f"{LAMP}/history")["items"][-1]["changes"] is None


@pytest.mark.parametrize("moment", ["", "yesterday", "2999-01-01T00:00:00Z"])
def test_it_refuses_what_is_no_past_moment(reader: Client, moment: str) -> None:
    response = reader.get(LAMP, {"as_of": moment})

    assert (response.status_code, response.json()["code"]) == (400, "bad_parameter")


def test_the_feed_tells_each_change_once_and_in_order(far_end: FarEnd, reader: Client) -> None:
    changed_three_times(far_end)

    seen, after = [], None
    while True:
        page = get(
            reader, "/api/v1/changes", limit=2, entity="gadgets", **({"after": after} if after else {})
        )
        seen += page["items"]
        after = page["next"]
        if not page["more"]:
            break

    assert [item["seq"] for item in seen] == [1, 2, 3, 4, 5]
    assert sorted(item["key"] for item in seen[:2]) == ["1", "2"]
    assert [(item["op"], item["revision"]) for item in seen[2:]] == [
        ("updated", 2),
        ("updated", 3),
        ("updated", 4),
    ]
    assert get(reader, "/api/v1/changes", after=after)["items"] == []


def test_the_feed_has_the_data_of_each_revision(far_end: FarEnd, reader: Client) -> None:
    changed_three_times(far_end)

    items = get(reader, "/api/v1/changes", include="data")["items"]

    told = {item["revision"]: item["data"]["price"] for item in items if item["key"] == "1"}
    assert told == {1: "10", 2: "11", 3: "12", 4: "13"}


def test_the_feed_begins_at_its_end_where_asked(far_end: FarEnd, reader: Client) -> None:
    changed_three_times(far_end)
    cursor = get(reader, "/api/v1/changes", **{"from": "now"})
    far_end.set("gadgets", gadget(1, price="14.00", updated_at="2026-01-01T00:09:00Z"))
    sync(GADGETS)

    items = get(reader, "/api/v1/changes", after=cursor["next"])["items"]

    assert cursor["items"] == []
    assert [(item["key"], item["revision"]) for item in items] == [("1", 5)]


def test_a_cursor_older_than_what_is_kept_is_gone(far_end: FarEnd, reader: Client) -> None:
    start = get(reader, "/api/v1/changes", limit=1, entity="gadgets")["next"]
    changed_three_times(far_end)
    Change.objects.filter(last_seq__lte=3).delete()

    response = reader.get("/api/v1/changes", {"after": start})

    assert (response.status_code, response.json()["code"]) == (410, "cursor_expired")
    assert [item["seq"] for item in get(reader, "/api/v1/changes", entity="gadgets")["items"]] == [4, 5]


@pytest.mark.parametrize("cursor", ["x", "!!", "bnVsbA", "eyIxIjoteX0"])
def test_it_refuses_what_is_no_cursor_of_the_feed(reader: Client, cursor: str) -> None:
    response = reader.get("/api/v1/changes", {"after": cursor})

    assert (response.status_code, response.json()["code"]) == (400, "bad_cursor")


def test_lineage_leads_from_a_value_to_its_bytes(far_end: FarEnd, reader: Client) -> None:
    far_end.set("gadgets", gadget(2), gadget(1, name="  Lamp ", price=10.50, note="old"))
    sync(GADGETS)

    found = get(reader, f"{LAMP}/lineage")

    fields = {field["field"]: field for field in found["fields"]}
    assert found["row_no"] == 1
    assert '"name": "  Lamp "' in found["raw"]
    assert found["job"]["kind"] == "sync"
    assert found["batch"]["pages"] == [1, 1]
    assert found["hashes"]["raw_matches"] is found["hashes"]["data_matches"] is True
    assert [fields["name"][stage] for stage in ("raw", "normalized", "mapped")] == ["  Lamp ", "Lamp", "Lamp"]
    assert [fields["price"][stage] for stage in ("raw", "mapped")] == ["10.5", "10.5"]
    assert fields["changed"]["column"] == "updated_at"
    assert fields["title"] == {
        "field": "title", "column": None, "raw": None, "normalized": None, "mapped": "Lamp / old"
    }  # fmt: skip


def test_lineage_of_an_older_revision_leads_to_its_own_bytes(far_end: FarEnd, reader: Client) -> None:
    changed_three_times(far_end)

    found = get(reader, f"{LAMP}/lineage", revision=2)

    assert (found["revision"], found["data"]["price"]) == (2, "11")
    assert '"price": "11.00"' in found["raw"]
    assert reader.get(f"{LAMP}/lineage", {"revision": 9}).status_code == 404
