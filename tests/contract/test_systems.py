"""What every system that ships keeps to: its client against its sandbox, entity by entity."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.sandbox.server import Sandbox
from bridge.systems import SYSTEMS
from sync.errors import BridgeError, ConfigError, TransientError
from sync.registry import Registered, registry
from sync.sources import Ask, Page
from tests import sandboxed

pytestmark = pytest.mark.usefixtures("committed")

ENTITIES = [
    f"{name}.{entity.name}"
    for name in SYSTEMS
    for entity in importlib.import_module(SYSTEMS[name]).system.entities
]


@pytest.fixture(params=ENTITIES)
def registered(request: pytest.FixtureRequest, sandbox: Sandbox) -> Registered:
    return registry.find(str(request.param))


def pages(of: Registered, **ask: Any) -> Iterator[Page]:
    return of.system.client().pages(of.entity.source, Ask(**ask))


def rows(found: Iterator[Page] | list[Page]) -> list[bytes]:
    return [row for page in found for row in page.rows]


def key(of: Registered, row: bytes) -> dict[str, str]:
    columns = json.loads(row)
    return {name: str(columns[of.entity.fields[name].source or name]) for name in of.entity.key}


@pytest.mark.parametrize("name", SYSTEMS)
def test_its_folder_has_a_readme_that_names_its_entities_and_settings(name: str) -> None:
    system = importlib.import_module(SYSTEMS[name]).system
    text = (Path(importlib.import_module(f"bridge.systems.{name}").__path__[0]) / "README.md").read_text()

    assert [entity.name for entity in system.entities if f"`{entity.name}`" not in text] == []
    assert f"{name.upper()}_URL" in text


def test_its_key_is_declared_and_tells_rows_apart(registered: Registered) -> None:
    keys = [tuple(key(registered, row).values()) for row in rows(pages(registered))]

    assert registered.entity.key
    assert len(keys) == len(set(keys)) > 0


def test_its_rows_are_json_objects_with_the_declared_columns_only(registered: Registered) -> None:
    declared = {field.source or name for name, field in registered.entity.fields.items()}
    found = {column for row in rows(pages(registered)) for column in json.loads(row)}

    assert found - {"links"} <= declared


def test_the_same_question_gives_the_same_rows(registered: Registered) -> None:
    assert rows(pages(registered)) == rows(pages(registered, page_size=700))


def test_it_goes_on_exactly_after_a_page(registered: Registered) -> None:
    size = 40 if registered.entity.name != "customers" else 1000
    found = list(pages(registered, page_size=size))
    middle = len(found) // 2
    # Positions go through the database, as JSON.
    resume = json.loads(json.dumps(found[middle - 1].next)) if middle else None

    assert rows(pages(registered, page_size=size, resume=resume)) == rows(found[middle:])
    assert found[-1].next is None
    assert all(page.next is not None for page in found[:-1])


def test_it_says_how_many_rows_there_are(registered: Registered) -> None:
    found = list(pages(registered))

    assert {page.total for page in found} == {len(rows(found))}


def test_one_row_by_its_key_has_the_bytes_of_its_page(registered: Registered) -> None:
    row = rows(iter([next(pages(registered))]))[-1]

    found = registered.system.client().one(registered.entity.source, key(registered, row))

    assert found
    assert found.rows == [row]


def test_a_key_of_nobody_is_none(registered: Registered) -> None:
    nobody = dict.fromkeys(registered.entity.key, "999999999")

    assert registered.system.client().one(registered.entity.source, nobody) is None


def test_a_moment_in_the_future_finds_nothing(registered: Registered) -> None:
    assert rows(pages(registered, since="2100-01-01T00:00:00Z")) == []


def test_the_check_passes(registered: Registered) -> None:
    registered.system.client().check()


def test_wrong_credentials_are_told_from_trouble(
    registered: Registered, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NETSUITE_CONSUMER_SECRET", "INTERNAL_SERVICE_JWT_SECRET"):
        monkeypatch.setenv(name, "wrong credentials of more than 32 bytes")

    with pytest.raises(BridgeError) as caught:
        next(pages(registered))

    error = caught.value
    assert isinstance(error, ConfigError) or (isinstance(error, TransientError) and error.parks_if_repeated)
    assert "wrong credentials" not in error.message


@pytest.mark.parametrize(
    ("mood", "code"), [("429", "rate_limited"), ("500", "far_end_error"), ("down", "far_end_unreachable")]
)
@pytest.mark.parametrize("how", ["pages", "one", "check"])
def test_trouble_is_transient(
    sandbox: Sandbox, registered: Registered, mood: str, code: str, how: str
) -> None:
    sandboxed.switch(sandbox, registered.system.name, mood)
    client, source = registered.system.client(), registered.entity.source
    ways: dict[str, Callable[[], object]] = {
        "pages": lambda: next(client.pages(source, Ask())),
        "one": lambda: client.one(source, dict.fromkeys(registered.entity.key, "1")),
        "check": client.check,
    }

    with pytest.raises(TransientError) as caught:
        ways[how]()

    assert (caught.value.code, caught.value.parks_if_repeated) == (code, False)
    assert len(sandboxed.asked(sandbox, registered.system.name)) == 1


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_pause_it_asks_for_is_kept(sandbox: Sandbox, name: str) -> None:
    sandboxed.switch(sandbox, name, "429", retry_after=60)
    system = importlib.import_module(SYSTEMS[name]).system

    for _ in range(3):
        with pytest.raises(TransientError) as caught:
            system.client().check()
        assert 0 < (caught.value.retry_after or 0) <= 60

    assert len(sandboxed.asked(sandbox, name)) == 1
