"""Finished answers of single records, in this process, kept true by LISTEN.

Bounded in number and age, and never used while the listener is down: an answer from here is one that the
database would give. A generation number keeps a row that was read before a change from coming back after it.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime

import psycopg
import structlog

from sync.direct import direct_parameters

CHANNEL = "bridge_changed"
LIFETIME = 30.0  # seconds: the bound on what a connection lost unnoticed could cost
MOST = 20_000  # records; about 20 MB at 1 kB each
PROBE = 0.5  # seconds without news after which the connection is tried
REST = 1.0  # seconds between tries to connect

log = structlog.get_logger("sync.cache")
Key = tuple[int, uuid.UUID]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A finished answer and what its headers need."""

    body: bytes
    etag: str
    changed_at: datetime
    as_of: datetime
    fresh_until: datetime
    put_at: float = field(default_factory=time.monotonic)


class RecordCache:
    """Answers by entity number and key hash."""

    def __init__(self, most: int = MOST, lifetime: float = LIFETIME) -> None:
        self.live = False
        self._most = most
        self._lifetime = lifetime
        self._entries: dict[Key, Entry] = {}
        self._generation = 0
        self._lock = threading.Lock()

    @property
    def generation(self) -> int:
        """Take it before reading the row that is to be put."""
        return self._generation

    def get(self, entity_id: int, key_hash: uuid.UUID) -> Entry | None:
        """The answer, if it is known to be true still."""
        if not self.live:
            return None
        entry = self._entries.get((entity_id, key_hash))
        if entry is None or time.monotonic() - entry.put_at > self._lifetime:
            return None
        return entry

    def put(self, entity_id: int, key_hash: uuid.UUID, entry: Entry, generation: int) -> None:
        """Keep an answer, unless anything changed since `generation` was taken."""
        with self._lock:
            if not self.live or generation != self._generation:
                return
            self._entries.pop((entity_id, key_hash), None)
            while len(self._entries) >= self._most:
                self._entries.pop(next(iter(self._entries)))
            self._entries[entity_id, key_hash] = entry

    def heed(self, payload: str) -> None:
        """Drop what a notification names; one that can't be read drops everything."""
        try:
            note = json.loads(payload)
            entity_id, named = int(note["e"]), note["k"]
            keys = None if named == "*" else [uuid.UUID(key) for key in named]
        except (ValueError, KeyError, TypeError):
            self.clear()
            return
        with self._lock:
            self._generation += 1
            gone = (
                [at for at in self._entries if at[0] == entity_id]
                if keys is None
                else [(entity_id, key) for key in keys]
            )
            for at in gone:
                self._entries.pop(at, None)

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._generation += 1
            self._entries.clear()


class Listener(threading.Thread):
    """Keeps a cache true; while it has no connection the cache is off."""

    def __init__(self, cache: RecordCache) -> None:
        super().__init__(name="bridge-changes", daemon=True)
        self._cache = cache
        self._stopping = threading.Event()
        self._told = False  # of this outage, in the log

    def run(self) -> None:
        """Listen until stopped, connecting anew whenever the connection is lost."""
        while not self._stopping.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                if not self._told:
                    log.warning("cache off: the database is away", error=str(error).partition("\n")[0])
                self._told = True
            finally:
                self._cache.live = False
                self._cache.clear()
            self._stopping.wait(REST)

    def stop(self) -> None:
        """End within a probe's time."""
        self._stopping.set()
        self.join()

    def _listen(self) -> None:
        with psycopg.Connection.connect(**{**direct_parameters(), "autocommit": True}) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self._cache.clear()
            self._cache.live = True
            if self._told:
                log.info("cache on again")
                self._told = False
            while not self._stopping.is_set():
                for note in connection.notifies(timeout=PROBE):
                    self._cache.heed(note.payload)
                    if self._stopping.is_set():
                        return
                connection.execute("SELECT 1")


records = RecordCache()
"""The cache of this process; `start` turns it on."""


def start() -> Listener:
    """Turn the cache on: once, in a process that serves."""
    listener = Listener(records)
    listener.start()
    return listener
