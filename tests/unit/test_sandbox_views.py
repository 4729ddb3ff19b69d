"""Moods that touch the rows: gone, in another order, half a page, other columns; and answers cut or repeated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from bridge.sandbox.server import Sandbox
from bridge.systems.apismith.sandbox import CREDENTIALS
from tests.unit.test_sandbox_apismith import ask

WORKED = '{"rows":1000,"seed":1,"changed":48,"broken":2}'


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with Sandbox(systems=["apismith", "schedulehub"]) as running:
        yield running


def control(sandbox: Sandbox, method: str, path: str, body: str = "") -> requests.Response:
    return requests.request(method, f"{sandbox.url}/_control/{path}", data=body, timeout=10)


def mood(sandbox: Sandbox, body: str) -> None:
    answer = control(sandbox, "POST", "apismith/mood", body)
    assert answer.ok, answer.text


def rows(sandbox: Sandbox, entity: str = "items", **params: Any) -> list[dict[str, Any]]:
    return list(ask(sandbox, entity, **{"limit": 10_000, **params}).json()["items"])


def numbers(sandbox: Sandbox, **params: Any) -> list[int]:
    return [row["PRODUCT_ID"] for row in rows(sandbox, **params)]


def test_a_cut_answer_ends_halfway(sandbox: Sandbox) -> None:
    mood(sandbox, '{"mood":"cut","times":1}')

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        ask(sandbox, "items")

    assert len(numbers(sandbox)) == 77


def test_every_other_answer_repeats_the_one_before(sandbox: Sandbox) -> None:
    mood(sandbox, '{"mood":"repeated"}')

    pages = [numbers(sandbox, limit=10, offset=offset) for offset in (0, 10, 20, 30)]

    assert pages[0] == pages[1] != pages[2] == pages[3]


def test_half_a_page_still_counts_as_a_whole_one(sandbox: Sandbox) -> None:
    mood(sandbox, '{"mood":"halved"}')

    page = ask(sandbox, "items", limit=50).json()

    assert (len(page["items"]), page["total"], page["hasMore"]) == (25, 77, True)


def test_rows_that_are_gone_are_always_the_same_and_not_counted(sandbox: Sandbox) -> None:
    mood(sandbox, '{"mood":"shrunk","share":0.3}')
    page = ask(sandbox, "items", limit=10_000).json()
    gone = {*range(1, 78)} - {row["PRODUCT_ID"] for row in page["items"]}

    assert (page["total"], len(gone)) == (53, 24)
    for number in gone:
        assert rows(sandbox, filters=f'{{"PRODUCT_ID": {number}}}') == []


def test_a_mood_can_begin_later(sandbox: Sandbox) -> None:
    mood(sandbox, '{"mood":"shrunk","after":2,"times":1}')

    assert [len(numbers(sandbox)) for _ in range(4)] == [77, 77, 38, 77]


def test_a_shuffled_order_holds_through_all_pages(sandbox: Sandbox) -> None:
    mood(sandbox, '{"mood":"shuffled","seed":7}')
    shuffled = [number for offset in range(0, 77, 20) for number in numbers(sandbox, limit=20, offset=offset)]

    assert sorted(shuffled) == [*range(1, 78)] != shuffled
    assert numbers(sandbox) == shuffled


def test_a_column_bears_another_name_overnight(sandbox: Sandbox) -> None:
    mood(sandbox, '{"mood":"drifted","entity":"customers","renamed":{"phone":"PHONE_NO"}}')
    customer = rows(sandbox, "customers", limit=1)[0]

    assert "PHONE" not in customer
    assert customer["PHONE_NO"] == "030-0074321"


def test_without_a_name_it_is_the_last_column(sandbox: Sandbox) -> None:
    mood(sandbox, '{"mood":"drifted"}')

    names = {"NEW_ADDRESS_LABEL", "ADDRESS_LABEL"}
    assert names & set(rows(sandbox, "customers", limit=1)[0]) == {"NEW_ADDRESS_LABEL"}


def test_generated_rows_are_the_same_each_time(sandbox: Sandbox) -> None:
    control(sandbox, "POST", "apismith/items/generated", '{"rows":948,"seed":1}')
    before = {row["PRODUCT_ID"]: row for row in rows(sandbox)}
    told = control(sandbox, "POST", "apismith/items/generated", WORKED).json()
    after = {row["PRODUCT_ID"]: row for row in rows(sandbox)}

    assert (told["came"], told["went"], len(told["changed"]), len(told["broken"])) == (52, 0, 48, 2)
    assert [str(number) for number in before if before[number] != after[number]] == told["changed"]
    assert len(after) == 1000
    control(sandbox, "POST", "reset")
    assert numbers(sandbox) == [*range(1, 78)]
    control(sandbox, "POST", "apismith/items/generated", '{"rows":948,"seed":1}')
    assert control(sandbox, "POST", "apismith/items/generated", WORKED).json() == told


def test_generated_rows_shrink(sandbox: Sandbox) -> None:
    control(sandbox, "POST", "apismith/items/generated", '{"rows":10}')

    assert control(sandbox, "POST", "apismith/items/generated", '{"rows":7}').json()["went"] == 3
    assert len(numbers(sandbox)) == 7


def test_rows_are_found_and_changed_by_their_values(sandbox: Sandbox) -> None:
    found = control(sandbox, "GET", "apismith/items?product_name=Chai").json()["rows"]
    changed = control(sandbox, "PATCH", "apismith/items?SUPPLIER_ID=1", '{"DISCONTINUED":1}').json()["rows"]

    assert [row["key"] for row in found] == ["1"]
    assert [row["columns"]["DISCONTINUED"] for row in changed] == [1, 1, 1]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "apismith/orders/generated", '{"rows":1}', 400),
        ("POST", "apismith/items/generated", '{"rows":-1}', 400),
        ("POST", "apismith/items/generated", '{"rows":5,"broken":6}', 400),
        ("POST", "apismith/items/generated", '{"rows":5,"changed":1}', 400),
        ("POST", "apismith/items/generated", '{"row":5}', 400),
        ("POST", "apismith/items/generated", "", 400),
        ("PATCH", "apismith/items?PRODUCT_ID=0", "{}", 404),
        ("POST", "apismith/mood", '{"mood":"drifted","entity":"items","renamed":{"NO":"X"}}', 404),
    ],
)
def test_what_cannot_be_is_refused(sandbox: Sandbox, method: str, path: str, body: str, status: int) -> None:
    answer = control(sandbox, method, path, body)

    assert answer.status_code == status
    assert answer.json()["error"]
    assert len(numbers(sandbox)) == 77
