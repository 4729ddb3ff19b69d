"""What a worker does beside its jobs, while the database is away."""

from __future__ import annotations

import pytest
from django.db import connection
from structlog.testing import capture_logs

from sync.jobs import schedule
from sync.jobs.housekeeping import Housekeeping


def test_a_round_ends_with_the_first_duty_that_finds_no_database(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = Housekeeping()
    assert keeper.do(schedule.tick)
    connection.close()

    with monkeypatch.context() as away, capture_logs() as told:
        away.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        away.setitem(connection.settings_dict, "PORT", "1")
        assert not keeper.do(schedule.tick)

    (line,) = told
    assert (line["event"], line["duty"]) == ("housekeeping_failed", "jobs.schedule.tick")
    assert keeper.do(schedule.tick), "it is back"
