"""Finished pages of lists, shared by all processes in Redis where REDIS_URL names one.

The key holds the number of the entity's last change, so a page that is no longer true is never looked up, and
nothing has to be flushed. While Redis is away every look-up misses: answers are slower, and still right.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache

from sync import metrics
from sync.models import Tracker

LIFETIME = 300  # seconds


@dataclass(frozen=True, slots=True)
class Rows:
    """A page as it is sent; `empty` where it has no records."""

    body: bytes
    empty: bool


def get_or_make(tracker: Tracker, query: str, make: Callable[[], Rows]) -> Rows:
    """The page of this query as of the tracker's last change."""
    if not settings.REDIS_URL:
        return make()
    number = f"{tracker.last_sync_at}:{query}"
    key = f"list:{tracker.pk}:{tracker.feed_seq}:{hashlib.blake2s(number.encode()).hexdigest()}"
    kept: bytes | None = cache.get(key)
    if kept is not None:
        metrics.cache_hits.inc()
        return Rows(body=kept[1:], empty=kept[:1] == b"0")
    metrics.cache_misses.inc()
    rows = make()
    cache.set(key, (b"0" if rows.empty else b"1") + rows.body, LIFETIME)
    return rows
