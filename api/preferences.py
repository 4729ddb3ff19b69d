"""`Prefer: wait=N` (RFC 7240), and the bound on how many requests may wait at once."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from rest_framework.request import Request

from sync.models import Job
from sync.waiting import wait_for

LONGEST_WAIT = 30  # seconds: below the time-out of usual proxies
_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,6})\"?\s*(?=$|[,;])", re.IGNORECASE)

# Half of this process's threads may wait; the rest keep answering.
_places = threading.BoundedSemaphore(max(1, getattr(settings, "BRIDGE_WEB_THREADS", 4) // 2))


def wanted_wait(request: Request) -> int:
    """Seconds that the client would wait, capped; 0 where it did not say so in a way that can be read."""
    found = _WAIT.search(request.META.get("HTTP_PREFER", ""))
    return min(int(found[1]), LONGEST_WAIT) if found else 0


@contextmanager
def waiting_place() -> Iterator[bool]:
    """Whether this request may wait; the place is free again afterwards."""
    taken = _places.acquire(blocking=False)
    try:
        yield taken
    finally:
        if taken:
            _places.release()


def wait_for_job(job_id: uuid.UUID, seconds: int) -> tuple[Job | None, str]:
    """The job if it ended in time, and what `Preference-Applied` says: wait=0 where all places were taken."""
    if not seconds:
        return None, ""
    with waiting_place() as placed:
        if not placed:
            return None, "wait=0"
        return wait_for(job_id, seconds), f"wait={seconds}"
