"""The seed's job message: its JSON Schema, what is written and what is read agree."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from sync.errors import InvalidRequest
from sync.ids import uuid7
from sync.jobs.message import from_message, schema, to_message
from sync.models import EntityRow, Job

VALID: dict[str, Any] = {
    "jobId": "0198b3a0-0000-7000-8000-000000000001",
    "module": "shop.gadgets",
    "type": "sync",
    "params": {"since": "2025-12-08T10:30:00Z", "page": 2, "pageSize": 500},
    "attempts": 1,
}


def is_valid(message: object) -> bool:
    return bool(Draft202012Validator(schema(), format_checker=FormatChecker()).is_valid(message))


def changed(**parts: Any) -> dict[str, Any]:
    return {**VALID, **parts}


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize(
    "params", [{}, {"since": "2025-12-08T10:30:00Z", "page": 2, "page_size": 500, "full": True}]
)
def test_a_job_is_told_as_the_schema_says(params: dict[str, Any]) -> None:
    job = Job(id=uuid7(), kind="sync", entity=EntityRow(path="shop.gadgets"), params=params, attempts=1)

    message = to_message(job)

    assert is_valid(message)
    assert set(message) == {"jobId", "module", "type", "params", "attempts"}
    assert set(message["params"]) == {"since", "page", "pageSize"}


def test_what_is_told_is_read_back() -> None:
    read = from_message(VALID)

    assert (str(read.job_id), read.module, read.kind, read.attempts) == (
        VALID["jobId"],
        "shop.gadgets",
        "sync",
        1,
    )
    assert (read.since, read.page, read.page_size) == ("2025-12-08T10:30:00Z", 2, 500)


@pytest.mark.parametrize(
    "message",
    [
        {},
        changed(jobId="7"),
        changed(jobId=None),
        changed(module=""),
        changed(module=7),
        changed(type="Sync it"),
        changed(params=None),
        changed(params={}),
        changed(params={**VALID["params"], "page": 0}),
        changed(params={**VALID["params"], "page": True}),
        changed(params={**VALID["params"], "pageSize": "500"}),
        changed(params={**VALID["params"], "since": 5}),
        changed(params={**VALID["params"], "more": 1}),
        changed(attempts=-1),
        changed(attempts=None),
        changed(secret="x"),
    ],
)
def test_schema_and_reader_refuse_the_same(message: dict[str, Any]) -> None:
    assert not is_valid(message)
    with pytest.raises(InvalidRequest) as refused:
        from_message(message)
    assert refused.value.code == "bad_message"
