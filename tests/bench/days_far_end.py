"""A far end of any number of rows that keeps none of them: it makes what it is asked for, in a process of its own.

POST /history/N gives it rows 1 to N, of long ago. POST /change/ID/V makes version V of a row, as of now.
POST /stall/ROWS lets pages of a window wait that begin there or later, until POST /stall/0.
"""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Rows:
    """What there is: history that follows from the number, and the few rows that changed."""

    def __init__(self) -> None:
        self.history = 0
        self.changed: dict[int, tuple[int, str]] = {}  # version, moment
        self.stall = 0
        self.go = threading.Event()
        self.go.set()

    def act(self, parts: list[str]) -> None:
        """What a POST asks for."""
        name, *numbers = parts
        if name == "history":
            self.history = int(numbers[0])
        elif name == "change":
            self.changed[int(numbers[0])] = (int(numbers[1]), f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
        else:
            self.stall = int(numbers[0])
            (self.go.clear if self.stall else self.go.set)()

    def page(self, asked: dict[str, str]) -> bytes:
        """A page of a window, or of what changed since."""
        offset, limit = int(asked["offset"]), int(asked["limit"])
        if "from" in asked:
            low, below = max(int(asked["from"]), 1), min(int(asked["below"]), self.history + 1)
            if self.stall and offset >= self.stall:
                self.go.wait()
            total, first = max(below - low, 0), low + offset
            found = [self.row(number) for number in range(first, min(first + limit, below))]
        else:
            since = asked.get("since", "")
            matching = sorted(number for number, (_, at) in self.changed.items() if at >= since)
            total = len(matching)
            found = [self.row(number) for number in matching[offset : offset + limit]]
        more = b"true" if offset + len(found) < total else b"false"
        return b'{"items":[%s],"total":%d,"more":%s}' % (b",".join(found), total, more)

    def row(self, number: int) -> bytes:
        """One row."""
        version, at = self.changed.get(number) or (
            0,
            f"2020-01-01T00:{number // 60 % 60:02}:{number % 60:02}Z",
        )
        return b'{"id":%d,"name":"Row %d, version %d","amount":"%d.%02d","changed":"%s"}' % (
            number,
            number,
            version,
            number % 1_000,
            number % 100,
            at.encode(),
        )


def serve() -> None:
    """Serve until ended; prints the address first."""
    rows = Rows()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            split = urlsplit(self.path)
            key = split.path.removeprefix("/rows").strip("/")
            asked = {name: values[0] for name, values in parse_qs(split.query).items()}
            self.say(rows.row(int(key)) if key else rows.page(asked))

        def do_POST(self) -> None:
            rows.act(self.path.strip("/").split("/"))
            self.say(json.dumps({"done": True}).encode())

        def say(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve()
