"""What a rehearsal found is read page by page, by every door; the pages of one rehearsal fit together."""

from __future__ import annotations

import re
from argparse import Namespace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from api.auth import mint
from bridge.verbs.mapping_diffs import wait
from sync.audit import Actor
from sync.errors import NotFound
from sync.jobs.claim import Interrupted
from sync.jobs.take import take
from sync.mapping import acts
from sync.mapping.rehearsed import found, place
from sync.models import Job, Mapping
from sync.pipeline.remapping import rehearsal
from sync.registry import registry
from tests import factories
from tests.farend import FarEnd
from tests.integration.admin.pages import main_text, page
from tests.integration.pipeline.conftest import gadget, run_again, sync
from tests.integration.shell.conftest import Shell, shell

__all__ = ["shell"]
GADGETS = "shop.gadgets"
OLGA = Actor(name="olga", door="shell")
ROWS = 1_230  # more than a kept page
RULES: dict[str, Any] = {"computed": {"origin": {"constant": "shop"}}}
Rows = list[dict[str, Any]]


@pytest.fixture
def reader(committed: None) -> Client:
    return Client(headers={"authorization": f"Bearer {mint('carol', ('read',), timedelta(minutes=5))}"})


def drafted(far_end: FarEnd, rows: int = ROWS) -> Mapping:
    far_end.set("gadgets", *(gadget(number) for number in range(1, rows + 1)))
    sync(GADGETS, page_size=1_000)
    return acts.draft(registry.find(GADGETS), RULES, by=OLGA)


def rehearsed(mapping: Mapping) -> Job:
    return run_again(acts.rehearse(mapping.pk, by=OLGA))


def paged(mapping: Mapping, cursor: str | None, most: int = 500) -> tuple[Rows, str | None]:
    job_id, start = place(cursor)
    rows = found(mapping, "diffs", start=start, most=most, job_id=job_id)
    return rows.rows, rows.next


def all_rows(mapping: Mapping, most: int) -> Rows:
    rows, cursor = paged(mapping, None, most)
    while cursor:
        more, cursor = paged(mapping, cursor, most)
        rows += more
    return rows


@pytest.mark.parametrize("most", [500, 1_000, 7_000])
def test_the_pages_have_every_row_once_and_in_the_same_order(far_end: FarEnd, most: int) -> None:
    mapping = drafted(far_end)
    job = rehearsed(mapping)

    rows = all_rows(mapping, most)

    assert sorted(int(row["key"]) for row in rows) == list(range(1, ROWS + 1))
    assert rows[0]["fields"] == {"origin": {"before": None, "after": "shop"}}
    assert rows[:100] == (job.result or {})["diffs"]


def test_the_pages_of_a_rehearsal_are_not_those_of_a_later_one(far_end: FarEnd) -> None:
    mapping = drafted(far_end, 30)
    rehearsed(mapping)
    first, cursor = paged(mapping, None, 20)
    acts.edit(mapping.pk, {"computed": {"origin": {"constant": "store"}}}, by=OLGA)
    rehearsed(mapping)

    rest, _ = paged(mapping, cursor, 20)
    newest, _ = paged(mapping, None, 20)

    assert {row["fields"]["origin"]["after"] for row in (*first, *rest)} == {"shop"}
    assert {row["fields"]["origin"]["after"] for row in newest} == {"store"}


def test_the_rows_of_old_rehearsals_are_dropped(far_end: FarEnd) -> None:
    mapping = drafted(far_end, 30)
    rehearsed(mapping)
    _, cursor = paged(mapping, None, 20)
    rehearsed(mapping)
    rehearsed(mapping)

    with pytest.raises(NotFound) as gone:
        paged(mapping, cursor, 20)

    assert gone.value.code == "rehearsal_expired"


def test_an_attempt_that_begins_anew_finds_nothing_twice(
    far_end: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapping = drafted(far_end)
    job = acts.rehearse(mapping.pk, by=OLGA)
    claim = take(job.id, job.fence, "test")
    assert claim
    monkeypatch.setattr("sync.mapping.keeping.PAGES_A_COMMIT", 1)
    monkeypatch.setattr("sync.pipeline.remapping.rehearsal._open_failures", lambda *_: _interrupted())
    with pytest.raises(Interrupted):
        rehearsal.run_rehearse(claim)
    monkeypatch.undo()

    rehearsal.run_rehearse(claim)

    assert len(all_rows(mapping, 1_000)) == ROWS


def _interrupted() -> Any:
    raise Interrupted


def test_the_api_pages_by_cursor(far_end: FarEnd, reader: Client) -> None:
    mapping = drafted(far_end)
    job = rehearsed(mapping)
    address = f"/api/v1/mappings/{mapping.pk}/rehearsal/diffs"

    first = reader.get(address, {"limit": 1000}).json()
    rest = reader.get(address, {"limit": 1000, "after": first["next"]}).json()

    assert (first["of"], first["job"], rest["next"]) == (ROWS, str(job.pk), None)
    keys = [row["key"] for row in (*first["items"], *rest["items"])]
    assert len(set(keys)) == len(keys) == ROWS
    for after in ("7", "x-1", f"{job.pk.hex}-x", f"{job.pk}-1"):
        assert reader.get(address, {"after": after}).json()["code"] == "bad_cursor"


def test_refused_rows_are_paged_too(far_end: FarEnd, reader: Client) -> None:
    mapping = drafted(far_end, 130)
    acts.edit(mapping.pk, {"fields": {"name": {"max_length": 3}}}, by=OLGA)
    rehearsed(mapping)
    address = f"/api/v1/mappings/{mapping.pk}/rehearsal/faults"

    first = reader.get(address, {"limit": 100}).json()
    rest = reader.get(address, {"limit": 100, "after": first["next"]}).json()

    assert (len(first["items"]), len(rest["items"]), rest["of"]) == (100, 30, 130)
    assert {row["code"] for row in first["items"]} == {"too_long"}
    assert reader.get(address.replace("faults", "diffs")).json()["items"] == []


def test_without_a_finished_rehearsal_there_is_nothing_to_page(far_end: FarEnd, reader: Client) -> None:
    mapping = drafted(far_end, 1)
    address = f"/api/v1/mappings/{mapping.pk}/rehearsal/diffs"

    assert reader.get(address).status_code == 404
    acts.rehearse(mapping.pk, by=OLGA)
    assert reader.get(address).status_code == 409
    assert reader.get("/api/v1/mappings/x/rehearsal/diffs").status_code == 404


def test_the_page_of_a_mapping_shows_part_after_part(far_end: FarEnd) -> None:
    mapping = drafted(far_end, 250)
    rehearsed(mapping)
    admin = Client(headers={"accept": "text/html"})
    admin.force_login(factories.viewer())
    address = page("sync_mapping_change", mapping.pk)
    seen: list[str] = []

    shown = admin.get(address)
    seen.append(main_text(shown))
    while link := _after(shown.content.decode()):
        shown = admin.get(f"{address}{link}")
        seen.append(main_text(shown))

    assert [f"{first} to {last} of 250" in text for (first, last), text in zip(_PARTS, seen, strict=True)]
    assert sum(text.count(" origin – shop") for text in seen) == 250


_PARTS = ((1, 100), (101, 200), (201, 250))


def _after(html: str) -> str | None:
    links = [part.split('"')[0] for part in html.split('href="')[1:] if "After →" in part.split("</a>")[0]]
    return "?" + links[0].split("?")[1].replace("&amp;", "&").split("#")[0] if links else None


def test_the_first_rows_stay_where_the_others_are_kept_no_longer(far_end: FarEnd) -> None:
    mapping = drafted(far_end, 130)
    rehearsed(mapping)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM rehearsal_page")
    admin = Client(headers={"accept": "text/html"})
    admin.force_login(factories.viewer())

    shown = main_text(admin.get(page("sync_mapping_change", mapping.pk)))

    assert "100, 30 more not shown" in shown


def test_the_shell_pages_too(far_end: FarEnd, shell: Shell) -> None:
    mapping = drafted(far_end, 30)
    rehearsed(mapping)

    assert shell("mapping", "diffs", str(mapping.pk), "--limit", "20") == 0
    assert "Rows 1 to 20 of 30." in shell.out
    after = shell.out.split("--after ")[1].split("`")[0]
    assert shell("mapping", "diffs", str(mapping.pk), "--after", after, "--json") == 0
    assert (len(shell.json["items"]), shell.json["next"]) == (10, None)
    assert shell("mapping", "faults", str(mapping.pk)) == 0
    assert "No row would be refused." in shell.out
    assert shell("mapping", "diffs", str(mapping.pk), "--after", "x") == 2


def test_the_shell_shows_what_it_waited_for(far_end: FarEnd, capsys: pytest.CaptureFixture[str]) -> None:
    mapping = drafted(far_end, 3)
    asked = Namespace(timeout=None, json=False, after=None, limit=None)

    assert wait(mapping.pk, rehearsed(mapping).pk, asked) == 0

    out = capsys.readouterr().out
    assert re.search(r"changed +3", out)
    assert re.search(r"2 +origin +shop", out)
    assert "Rows 1 to 3 of 3." in out


def test_the_shell_tells_why_it_stays_no_longer(far_end: FarEnd, shell: Shell) -> None:
    mapping = drafted(far_end, 1)

    assert shell("mapping", "rehearse", str(mapping.pk), "--wait", "--timeout", "0.3") == 1

    assert "bridge jobs show" in shell.err
