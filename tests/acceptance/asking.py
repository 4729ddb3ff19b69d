"""A process that asks a far end as fast as it is let: `python -m tests.acceptance.asking URL THREADS`."""

from __future__ import annotations

import sys
from threading import Event, Thread

import django

PAUSE = 0.05


def main(url: str, threads: int) -> None:
    """Ask until stdin is closed."""
    django.setup()
    from sync.errand import Errand, on
    from sync.errors import TransientError
    from sync.http import Session
    from sync.jobs.priorities import BACKFILL

    stop = Event()

    def ask() -> None:
        session = Session("shop", url)
        with on(Errand(priority=BACKFILL)):
            while not stop.is_set():
                try:
                    session.request("GET", "/gadgets", params={"limit": 1})
                except TransientError:
                    stop.wait(PAUSE)

    asking = [Thread(target=ask, daemon=True) for _ in range(threads)]
    for thread in asking:
        thread.start()
    print("asking", flush=True)
    sys.stdin.read()
    stop.set()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
