"""A far end for tests: one HTTP server whose rows a test sets, byte for byte."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass
class FarEnd:
    """`rows["gadgets"]` are the rows' JSON as they go over the wire, in the far end's order."""

    rows: dict[str, list[bytes]] = field(default_factory=dict, repr=False)
    asked: list[tuple[float, str, dict[str, str]]] = field(
        default_factory=list, repr=False
    )  # moment, path, parameters
    refuse_with: tuple[int, dict[str, str], bytes] | None = None  # status, headers, body
    on_page: Callable[[dict[str, str]], None] | None = None  # called before each page is answered
    headers: dict[str, str] = field(default_factory=dict)  # of every good answer
    url: str = ""

    def __enter__(self) -> FarEnd:
        _running.append(self)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        _running.remove(self)

    def set(self, path: str, *rows: dict[str, Any] | bytes) -> None:
        """Let `path` have these rows."""
        self.rows[path] = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]

    def answer(self, path: str, params: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of a GET."""
        self.asked.append((time.time(), path, params))
        if self.refuse_with:
            return self.refuse_with
        name, _, key = path.strip("/").partition("/")
        rows = self.rows.get(name)
        if rows is None:
            return 404, {}, b'{"error": "no such path"}'
        if key:
            return self._one(rows, unquote(key))
        if self.on_page:
            self.on_page(params)
        return self._page(rows, params)

    def _one(self, rows: list[bytes], key: str) -> tuple[int, dict[str, str], bytes]:
        for row in rows:
            value = _loaded(row)
            if value is not None and str(value.get("id")) == key:
                return 200, {}, row
        return 404, {}, b'{"error": "no such record"}'

    def _page(self, rows: list[bytes], params: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        wanted = [row for row in rows if _wanted(_loaded(row) or {}, params)]
        offset, limit = int(params.get("offset", 0)), int(params.get("limit", 1000))
        body = b",".join(wanted[offset : offset + limit])
        return 200, {}, b'{"items": [' + body + b'], "total": %d}' % len(wanted)


def _wanted(row: dict[str, Any], params: dict[str, str]) -> bool:
    changed = str(row.get("updated_at", "~"))
    if changed < params.get("since", "") or ("until" in params and changed >= params["until"]):
        return False
    low, high = params.get("from"), params.get("below")
    return (low is None or int(row["id"]) >= int(low)) and (high is None or int(row["id"]) < int(high))


_running: list[FarEnd] = []


def current_url() -> str:
    """Where the far end of the running test is."""
    return _running[-1].url if _running else "http://127.0.0.1:9"


def _loaded(row: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(row)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _handler(far_end: FarEnd) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            split = urlsplit(self.path)
            params = {name: values[0] for name, values in parse_qs(split.query).items()}
            status, headers, body = far_end.answer(split.path, params)
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **far_end.headers, **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Keep the test's output clean."""

    return Handler
