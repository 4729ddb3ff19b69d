"""A wrong mapping sets thousands of rows aside; the next one is rehearsed, switched on, and brings them all in."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from api.auth import mint
from sync import error_groups
from sync.audit import Actor
from sync.mapping import acts
from sync.models import ErrorGroup, FailedRecord, Record
from sync.registry import registry
from tests import factories
from tests.farend import FarEnd
from tests.integration.admin.pages import main_text, page
from tests.integration.pipeline.conftest import gadget, run_again, sync

GADGETS = "shop.gadgets"
OLGA = Actor(name="olga", door="admin")
ROWS = 5_000


@pytest.fixture
def reader(committed: None) -> Client:
    token = mint("carol", ("read",), timedelta(minutes=5))
    return Client(headers={"authorization": f"Bearer {token}"})


def switched_on(rules: dict[str, Any]) -> int:
    return acts.activate(acts.draft(registry.find(GADGETS), rules, by=OLGA).pk, by=OLGA).no


def rehearsed(rules: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    draft = acts.draft(registry.find(GADGETS), rules, by=OLGA)
    result = run_again(acts.rehearse(draft.pk, by=OLGA)).result
    assert result is not None
    return draft.pk, dict(result)


def got(reader: Client, path: str) -> Any:
    answer = reader.get(path)
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)


def paged_keys(reader: Client, path: str) -> list[str]:
    found: list[str] = []
    after = ""
    while True:
        body = got(reader, f"{path}{after}")
        found += [diff["key"] for diff in body["items"]]
        if body["next"] is None:
            return found
        after = f"&after={body['next']}"


def pages_cope(reader: Client, group: ErrorGroup, fix: int) -> None:
    """Counts and samples on every page, whatever their number."""
    admin = Client(headers={"accept": "text/html"})
    admin.force_login(factories.operator())
    shown = main_text(admin.get(page("sync_errorgroup_change", group.pk)))
    assert "5,000" in shown
    previewed = main_text(admin.post(page("sync_errorgroup_change", group.pk)))
    assert "1,000" in previewed  # of so many members the oldest are tried
    rehearsal = main_text(admin.get(page("sync_mapping_change", fix)))
    assert "1 to 100 of 5,000" in rehearsal
    assert "5000 failed records" in main_text(admin.get(page("sync_failedrecord_changelist")))
    first = got(reader, f"/api/v1/failed-records?group={group.pk}&limit=1000")
    assert (len(first["items"]), first["next"] is None) == (1000, False)
    assert got(reader, f"/api/v1/error-groups/{group.pk}")["members"] == ROWS
    assert len(set(paged_keys(reader, f"/api/v1/mappings/{fix}/rehearsal/diffs?limit=1000"))) == ROWS
    mapping = got(reader, f"/api/v1/mappings/{fix}")
    assert mapping["rehearsal"]["result"]["counts"]["would_be_mended"] == ROWS


def test_the_group_is_brought_in_and_each_lineage_names_both_mappings(
    far_end: FarEnd, reader: Client, settings: Settings
) -> None:
    far_end.set("gadgets", *(gadget(number, note="Box") for number in range(ROWS)))
    switched_on({"fields": {"note": {"allowed": ["Bag"]}}})
    assert sync(GADGETS, page_size=1_000)["failed"] == ROWS
    group = ErrorGroup.objects.get()
    assert error_groups.counts([group]) == {group.pk: ROWS}

    fix, told = rehearsed({"fields": {"note": {"allowed": ["bag", "box"], "clean": ["lower"]}}})

    assert told["counts"]["would_be_mended"] == ROWS
    assert len(told["diffs"]) + told["more_diffs"] == ROWS
    pages_cope(reader, group, fix)

    acts.activate(fix, by=OLGA)
    (job,) = error_groups.retry(group.pk, by=OLGA)
    result = run_again(job).result or {}

    assert (result["inserted"], result["failed"]) == (ROWS, 0)
    assert set(FailedRecord.objects.values_list("state", "mapping")) == {("fixed", 1)}
    assert set(Record.objects.values_list("mapping", flat=True)) == {2}
    group.refresh_from_db()
    assert group.state == ErrorGroup.State.CLOSED
    for number in (0, ROWS // 2, ROWS - 1):
        lineage = got(reader, f"/api/v1/shop/gadgets/{number}/lineage")
        assert lineage["mapping"] == 2
        (refused,) = lineage["failures"]
        assert (refused["mapping"], refused["state"], refused["closed_by"]) == (1, "fixed", "olga")
        assert lineage["job"]["kind"] == "replay"
        assert json.loads(lineage["raw"])["note"] == "Box"


def test_a_row_without_a_readable_key_has_its_failure_in_its_lineage_too(
    far_end: FarEnd, reader: Client
) -> None:
    far_end.set("gadgets", {**gadget(1), "id": "no. 7"})
    sync(GADGETS)
    failed = FailedRecord.objects.get()
    assert failed.key_hash is None
    FailedRecord.objects.update(mended={"id": "7"})

    run_again(error_groups.retry(ErrorGroup.objects.get().pk, by=OLGA)[0])

    (refused,) = got(reader, "/api/v1/shop/gadgets/7/lineage")["failures"]
    assert (refused["id"], refused["state"], refused["mended"]) == (str(failed.pk), "fixed", True)


def test_a_lineage_tells_of_a_newer_row_that_was_refused(far_end: FarEnd, reader: Client) -> None:
    far_end.set("gadgets", gadget(1))
    sync(GADGETS)
    far_end.set("gadgets", gadget(1, price="many"))
    sync(GADGETS, full=True)

    (refused,) = got(reader, "/api/v1/shop/gadgets/1/lineage")["failures"]

    assert (refused["state"], refused["code"], refused["closed_at"]) == ("open", "unreadable_number", None)
