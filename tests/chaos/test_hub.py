"""What is an effect too many at the far end that is written to."""

from __future__ import annotations

import pytest

from tests.chaos.hub import doubled


@pytest.mark.parametrize(
    ("effects", "is_doubled"),
    [
        (["created W v1", "updated W v2", "deleted W v2"], False),
        (["created W v1", "deleted W v1"], False),
        (["created W v1", "created W v1"], True),
        (["created W v1", "updated W v1"], True),
        (["created W v1", "updated W v2", "updated W v2"], True),
        (["created W v1", "deleted W v1", "deleted W v1"], True),
    ],
)
def test_a_version_is_made_or_changed_once_and_deleted_once(effects: list[str], is_doubled: bool) -> None:
    assert doubled({(5,): effects, (6,): ["created X v1"]}) == ([(5,)] if is_doubled else [])
