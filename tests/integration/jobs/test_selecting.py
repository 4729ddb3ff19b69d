"""Which jobs a filter finds, and what is no filter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sync.errors import BridgeError
from sync.jobs.selecting import Selection
from tests import factories


@pytest.mark.parametrize(
    "given",
    [
        {"status": "dead"},
        {"status": "failed", "code": "far_end_unavailable"},
        {"kind": "push", "error": "OUT OF"},
        {"entity": "gadgets", "params.target": "hub"},
        {"status": "failed", "params.key.id": "7", "params.deep.0.x": "true"},
        {"status": "failed", "params.key.id": 7},
        {"since": "2001-01-01", "until": "2999-01-01T00:00:00Z", "kind": "push"},
        {"lane": "record:7"},
        {"parent": "01890000-0000-7000-8000-000000000000"},
    ],
)
def test_it_finds_what_is_meant(db: None, given: dict[str, Any]) -> None:
    params = {"target": "hub", "key": {"id": 7}, "deep": [{"x": True}]}
    wanted = factories.dead_job(
        kind="push", params=params, lanes=["record:7"], parent_id="01890000-0000-7000-8000-000000000000"
    )
    factories.job("shop.makers", params={"target": "other", "key": {"id": 8}})

    selection = Selection.of(given)

    assert [job.pk for job in selection.rows()] == [wanted.pk]
    assert Selection.kept(selection.told()) == selection


def test_dates_count_from_when_it_was_asked_for(db: None) -> None:
    old = factories.job(created_at=factories.now() - timedelta(days=9))
    new = factories.job()
    moment = (factories.now() - timedelta(days=1)).isoformat()

    assert [job.pk for job in Selection.of({"since": moment}).rows()] == [new.pk]
    assert [job.pk for job in Selection.of({"until": moment}).rows()] == [old.pk]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"state": "failed"}, "unknown_parameter"),
        ({"status": "broken"}, "bad_parameter"),
        ({"entity": "gizmos"}, "unknown_entity"),
        ({"since": "yesterday"}, "bad_parameter"),
        ({"since": "0001-01-01"}, "bad_parameter"),
        ({"parent": "7"}, "bad_parameter"),
        ({"error": "500"}, "filter_too_wide"),
        ({"params.target": "hub"}, "filter_too_wide"),
        ({"status": "failed", "params.": "x"}, "bad_parameter"),
        ({"status": "failed", "params.a..b": "x"}, "bad_parameter"),
        ({"status": "failed", "params.auth.api_key": "x"}, "bad_parameter"),
        ({"status": "failed", "params.a": {"b": 1}}, "bad_parameter"),
        ({"kind": "a\x00b"}, "bad_parameter"),
        ({"status": "failed", **{f"params.p{number}": "x" for number in range(6)}}, "bad_parameter"),
    ],
)
def test_what_is_no_filter_is_refused_by_name(db: None, given: dict[str, Any], code: str) -> None:
    with pytest.raises(BridgeError) as raised:
        Selection.of(given)

    assert raised.value.code == code
