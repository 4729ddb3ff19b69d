"""The dictionary of finished answers: bounded, and never older than what was heard."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

import pytest

from sync.cache import Entry, RecordCache

KEYS = [uuid.UUID(int=number) for number in range(1, 5)]


def entry(name: str = "a") -> Entry:
    at = datetime(2025, 12, 8, tzinfo=UTC)
    return Entry(body=name.encode(), etag=f'W/"{name}"', changed_at=at, as_of=at, fresh_until=at)


@pytest.fixture
def cache() -> RecordCache:
    made = RecordCache(most=3)
    made.live = True
    return made


def put(cache: RecordCache, entity_id: int, *keys: uuid.UUID) -> None:
    for key in keys:
        cache.put(entity_id, key, entry(), cache.generation)


def held(cache: RecordCache, entity_id: int) -> list[uuid.UUID]:
    return [key for key in KEYS if cache.get(entity_id, key)]


def test_it_gives_back_what_was_put(cache: RecordCache) -> None:
    put(cache, 1, KEYS[0])

    assert held(cache, 1) == [KEYS[0]]
    assert held(cache, 2) == [], "another entity's key is another record"


def test_it_is_not_used_while_nobody_listens(cache: RecordCache) -> None:
    put(cache, 1, KEYS[0])
    cache.live = False

    assert held(cache, 1) == []
    put(cache, 1, KEYS[1])
    cache.live = True
    assert held(cache, 1) == [KEYS[0]]


def test_it_drops_the_keys_that_are_named(cache: RecordCache) -> None:
    put(cache, 1, *KEYS[:2])

    cache.heed(json.dumps({"e": 1, "k": [KEYS[0].hex, KEYS[3].hex]}))

    assert held(cache, 1) == [KEYS[1]]


def test_it_drops_a_whole_entity(cache: RecordCache) -> None:
    put(cache, 1, *KEYS[:2])
    put(cache, 2, KEYS[2])

    cache.heed(json.dumps({"e": 1, "k": "*"}))

    assert (held(cache, 1), held(cache, 2)) == ([], [KEYS[2]])


@pytest.mark.parametrize(
    "payload", ["", "{", "[]", "7", '{"e": 1}', '{"e": "x", "k": []}', '{"e": 1, "k": ["zz"]}']
)
def test_what_cannot_be_read_drops_everything(cache: RecordCache, payload: str) -> None:
    put(cache, 1, *KEYS[:2])

    cache.heed(payload)

    assert held(cache, 1) == []


def test_a_row_read_before_a_change_is_not_put_after_it(cache: RecordCache) -> None:
    generation = cache.generation
    cache.heed(json.dumps({"e": 1, "k": [KEYS[0].hex]}))

    cache.put(1, KEYS[0], entry("old"), generation)

    assert held(cache, 1) == []


def test_the_oldest_gives_way(cache: RecordCache) -> None:
    put(cache, 1, *KEYS)

    assert held(cache, 1) == KEYS[1:]


def test_an_old_answer_is_not_used() -> None:
    cache = RecordCache(lifetime=-1)
    cache.live = True
    put(cache, 1, KEYS[0])

    assert held(cache, 1) == []
