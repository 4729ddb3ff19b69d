"""UUIDv7, made in Python because PostgreSQL before 18 has none (RFC 9562, section 5.7)."""

from __future__ import annotations

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last = 0


def uuid7(after: uuid.UUID | None = None) -> uuid.UUID:
    """A new id: 48 bits of milliseconds, 12 bits of their fraction, 62 random bits; never falls in a process.

    With `after`, above that one too, which another machine's clock may have made.
    """
    global _last  # noqa: PLW0603 - the one clock all threads of the process share
    now = time.time_ns()
    stamp = (now // 1_000_000 << 12) | ((now % 1_000_000) * 4096 // 1_000_000)
    with _lock:
        _last = stamp = max(stamp, _last + 1)
    if after is not None:
        stamp = max(stamp, (after.int >> 80 << 12 | after.int >> 64 & 0xFFF) + 1)
    random = int.from_bytes(os.urandom(8), "big") & (1 << 62) - 1
    return uuid.UUID(int=(stamp >> 12) << 80 | 7 << 76 | (stamp & 0xFFF) << 64 | 2 << 62 | random)


def first_uuid7(moment: float) -> uuid.UUID:
    """The smallest UUIDv7 of a moment (seconds since 1970): a bound for ranges of ids."""
    return uuid.UUID(int=int(moment * 1000) << 80 | 7 << 76 | 2 << 62)
