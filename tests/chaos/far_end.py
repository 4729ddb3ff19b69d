"""The far end of a world: rows that change from turn to turn, one fault when it is asked for, a log of what it said."""

from __future__ import annotations

import json
import random
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ROWS, MAKERS = 3_000, 20
DIRTY, ORPHAN = 7, 9  # of each 500 rows this one is unreadable, and this one has a maker that nobody knows
HANGS = 3.5  # seconds; the worker waits for 2
FAULTS = ("timeout", "timeout_after", "429", "500", "half", "again", "reset")
"""No answer at all, half an answer and then silence, refusals, half a page, the page before once more, a reset."""
LIES = frozenset({"again"})
"""A client can't tell that these answers are wrong."""
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Said:
    """One answer about widgets: where the page began, how many rows it had, which fault it met."""

    at: float
    offset: int
    rows: int
    fault: str = ""


@dataclass
class Fault:
    """What happens to the how manieth request for widgets from now on, once."""

    name: str
    ahead: int


@dataclass
class FarEnd:
    """Versions by id: row 5 in version 2 was changed once. Rows that are gone never come back."""

    versions: dict[int, int] = field(default_factory=dict)
    gone: dict[int, int] = field(default_factory=dict)
    log: list[Said] = field(default_factory=list)
    fault: Fault | None = None
    pause: float = 0.0  # seconds before each page
    host: str = "127.0.0.1"
    url: str = ""

    def __post_init__(self) -> None:
        self.versions = dict.fromkeys(range(1, ROWS + 1), 1)
        self._lock = threading.Lock()
        self.stopping = threading.Event()

    def __enter__(self) -> FarEnd:
        self._server = _Server((self.host, 0), type("Handler", (_Handler,), {"far_end": self}))
        self.url = f"http://{self.host}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def good(self) -> dict[int, int]:
        """The rows that a mirror must hold, and their versions."""
        return {
            key: version for key, version in self.versions.items() if not is_dirty(key) and not is_orphan(key)
        }

    def turn(self, dice: random.Random) -> None:
        """Change four rows of ten, add some, take some away."""
        with self._lock:
            for key in dice.sample(sorted(self.versions), ROWS * 2 // 5):
                self.versions[key] += 1
            for key in dice.sample(sorted(self.good), ROWS // 60):
                self.gone[key] = self.versions.pop(key)
            following = max(*self.versions, *self.gone) + 1
            self.versions.update(dict.fromkeys(range(following, following + ROWS // 60), 1))

    def begin_anew(self) -> None:
        """Let each row be in its first version, and none ever have gone."""
        with self._lock:
            self.versions, self.gone = dict.fromkeys(self.versions, 1), {}

    def arm(self, name: str, ahead: int) -> None:
        """Let a fault meet one of the next requests; an empty name takes one away that met none."""
        with self._lock:
            self.fault = Fault(name, ahead) if name else None

    def strike(self) -> str:
        """The fault that this request meets."""
        with self._lock:
            if self.fault is None or self.fault.ahead > 0:
                if self.fault:
                    self.fault.ahead -= 1
                return ""
            name, self.fault = self.fault.name, None
            return name

    def page(self, path: str, offset: int, limit: int) -> tuple[bytes, int]:
        """The body of a page, and how many rows it has."""
        self.stopping.wait(self.pause)
        with self._lock:
            rows = _makers() if path == "makers" else [widget(*one) for one in sorted(self.versions.items())]
        some = rows[offset : offset + limit]
        return json.dumps({"items": some, "total": len(rows)}).encode(), len(some)

    def say(self, said: Said) -> None:
        """Note an answer."""
        with self._lock:
            self.log.append(said)


def is_dirty(key: int) -> bool:
    """Whether a row is unreadable."""
    return key % 500 == DIRTY


def is_orphan(key: int) -> bool:
    """Whether nobody knows its maker."""
    return key % 500 == ORPHAN


def name_of(key: int, version: int) -> str:
    """The name of a row, which tells its version."""
    return f"Widget {key} v{version}"


def widget(key: int, version: int) -> dict[str, Any]:
    """A row."""
    return {
        "id": key,
        "name": name_of(key, version),
        "price": f"much v{version}" if is_dirty(key) else f"{key % 90}.50",
        "maker": 999 if is_orphan(key) else key % MAKERS + 1,
        "updated_at": _moment(version),
    }


def _makers() -> list[dict[str, Any]]:
    return [{"id": key, "name": f"Maker {key}", "updated_at": _moment(1)} for key in range(1, MAKERS + 1)]


def _moment(version: int) -> str:
    return f"{BEGAN + timedelta(minutes=version):%Y-%m-%dT%H:%M:%SZ}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def shutdown_request(self, request: Any) -> None:
        """Close at once: a lingering one would say goodbye first, and a reset says nothing."""
        self.close_request(request)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    far_end: FarEnd

    def do_GET(self) -> None:
        split = urlsplit(self.path)
        given = {name: int(values[0]) for name, values in parse_qs(split.query).items()}
        path, offset, limit = split.path.strip("/"), given.get("offset", 0), given.get("limit", 1000)
        fault = self.far_end.strike() if path == "widgets" else ""
        body, rows = self.far_end.page(path, max(0, offset - limit) if fault == "again" else offset, limit)
        if path == "widgets":
            self.far_end.say(Said(time.time(), offset, rows, fault))
        if fault == "timeout":
            self.far_end.stopping.wait(HANGS)
            self.close_connection = True
        elif fault in ("429", "500"):
            self._say(int(fault), b'{"error": "not now"}')
        else:
            self._say(200, body, fault)

    def _say(self, status: int, body: bytes, fault: str = "") -> None:
        """Answer, or half of it."""
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault in ("", "again"):
            self.wfile.write(body)
            return
        self.wfile.write(body[: len(body) // 2])
        self.close_connection = True
        if fault == "timeout_after":
            self.far_end.stopping.wait(HANGS)
        if fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def handle_one_request(self) -> None:
        """Answer, or end quietly when the client was killed."""
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Keep the output clean."""
