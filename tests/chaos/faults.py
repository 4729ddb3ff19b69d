"""What happens to the database: it is restarted, loses all connections, is away, has no room."""

from __future__ import annotations

import os
import time
from contextlib import suppress

import psycopg

from tests.chaos.world import World

FAULTS = ("restart", "drop", "away6", "away60", "full")
FULL_FOR = 4.0  # seconds
ROOM_LEFT = 64 * 1024  # bytes
_DROP = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def strike(world: World, fault: str) -> None:
    """Let the fault happen, and end."""
    assert world.server is not None, "the supervisor would start it again"
    if fault == "drop":
        world.rows(_DROP)
    elif fault == "full":
        _fill(world)
    else:
        world.server.stop()
        time.sleep(float(fault.removeprefix("away")) if fault != "restart" else 0)
        world.server.start()


def _fill(world: World) -> None:
    filler = world.disk / "filler"
    disk = os.statvfs(world.disk)
    size = max(disk.f_bavail * disk.f_frsize - ROOM_LEFT, 1)
    handle = os.open(filler, os.O_CREAT | os.O_WRONLY)
    try:
        with suppress(OSError):  # somebody else took the rest meanwhile
            os.posix_fallocate(handle, 0, size)
        time.sleep(FULL_FOR)
    finally:
        os.close(handle)
        filler.unlink()
    with suppress(psycopg.OperationalError):
        world.heal()
