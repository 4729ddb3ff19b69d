"""When the far end is asked again what became of a command."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sync.commands.standing import Standing, due

SENT = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("looks", "looked", "seconds"),
    [
        (0, None, 5),
        (1, 5, 30),
        (2, 31, 121),  # the one before was late
        (1, 4_000, 4_025),  # the first one after our own outage
        (2, 4_025, 4_115),
        (3, 4_115, 120),  # a person lets it look once more: at once
    ],
)
def test_looks_are_as_far_apart_as_declared(looks: int, looked: float | None, seconds: float) -> None:
    at = None if looked is None else SENT + timedelta(seconds=looked)

    moment = due(Standing(since=SENT, looks=looks, looked_at=at), (5, 30, 120))

    assert moment == SENT + timedelta(seconds=seconds)
