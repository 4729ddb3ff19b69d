"""How long `--wait` waits."""

from __future__ import annotations

from bridge.patience import Patience


class Clock:
    """A clock that is set by hand."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_it_runs_out_after_the_seconds_given() -> None:
    clock = Clock()
    patience = Patience(5, workers=lambda: 1, now=clock)

    clock.seconds = 4.9
    assert not patience.is_out()
    clock.seconds = 5
    assert patience.is_out()
    assert patience.reason == "Not ended within 5 s: it goes on without being watched."


def test_it_runs_out_after_half_a_minute_without_a_worker() -> None:
    clock, alive = Clock(), 0
    patience = Patience(None, workers=lambda: alive, now=clock)

    clock.seconds = 29
    assert not patience.is_out()
    alive, clock.seconds = 1, 31
    assert not patience.is_out(), "one came"
    alive, clock.seconds = 0, 60
    assert not patience.is_out()
    clock.seconds = 61
    assert patience.is_out()
    assert "`bridge worker`" in patience.reason


def test_it_never_runs_out_while_a_worker_lives() -> None:
    clock = Clock()
    patience = Patience(None, workers=lambda: 1, now=clock)

    clock.seconds = 100_000
    assert not patience.is_out()
