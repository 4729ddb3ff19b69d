"""The kit against a real database, as a user's tests have it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync.testing import FarEnd


@pytest.fixture
def far_end(committed: None) -> Iterator[FarEnd]:
    with FarEnd("shop") as running:
        yield running


@pytest.fixture
def bridge_database(committed: None) -> None:
    """As the plugin's own: an empty database whose commits are real."""
