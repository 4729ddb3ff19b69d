"""A far end that things are done at, for tests: it writes down each effect, and answers as it is told to."""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

VARIABLE = "TESTS_OFFICE_URL"

# What becomes of a request to do something.
OK = "ok"
LOST = "lost"  # done, and the connection dropped before the answer
CUT = "cut"  # dropped before anything was done
BROKEN = "broken"  # 500, nothing done
BROKEN_AFTER = "broken_after"  # done, and 500
BUSY = "busy"  # 429
REFUSED = "refused"  # 422
LOCKED = "locked"  # 403
PAGE = "page"  # of a read: 200 with a page of HTML
_REFUSALS = {BUSY: 429, REFUSED: 422, LOCKED: 403}


@dataclass
class Office:
    """`effects` are what was done, in order; `moods` what becomes of the next requests, then all is well."""

    effects: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)  # method and path of every request
    moods: deque[str] = field(default_factory=deque)
    hidden: bool = False  # reads show nothing yet
    reads: deque[str] = field(default_factory=deque)  # moods of the next reads
    told: deque[dict[str, Any]] = field(
        default_factory=deque
    )  # what the answers of the next effects say instead
    words: str = "no such address"  # of a refusal
    on_effect: Callable[[], None] | None = None  # called after an effect, before its answer
    url: str = ""

    def __enter__(self) -> Office:
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        os.environ[VARIABLE] = self.url
        return self

    def __exit__(self, *_: object) -> None:
        del os.environ[VARIABLE]
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def do(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
        """Status and body of the answer; None = the connection is dropped."""
        mood = self._mood(self.moods, method, path)
        if mood == CUT:
            return None
        if mood == BROKEN:
            return 500, {"error": "broken"}
        if mood == BUSY:
            return 429, {"error": "too many"}
        if mood == REFUSED:
            return 422, {"error": self.words}
        if mood == LOCKED:
            return 403, {"error": "who are you"}
        done = self._done(method, path, body)
        if self.on_effect:
            self.on_effect()
        return None if mood == LOST else (500, {}) if mood == BROKEN_AFTER else (201, done)

    def show(self, path: str, params: dict[str, str]) -> tuple[int, dict[str, Any] | str] | None:
        """What a read finds."""
        mood = self._mood(self.reads, "GET", path)
        if mood == PAGE:
            return 200, "<html>maintenance</html>"
        if mood != OK:
            return None if mood == CUT else (_REFUSALS.get(mood, 500), {"error": mood})
        name, _, key = path.strip("/").partition("/")
        found = [] if self.hidden else [one for one in self.effects if one["of"] == name]
        if key:
            rows = [one for one in found if one.get("key") == unquote(key)]
            return (200, rows[-1]) if rows else (404, {})
        return 200, {"items": [one for one in found if one["body"].get("to") == params.get("to")]}

    def _done(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        name, _, key = path.strip("/").partition("/")
        with self._lock:
            done = {"id": f"E{len(self.effects) + 1}", "of": name, "key": unquote(key), "body": body}
            done |= self.told.popleft() if self.told else {}
            self.effects.append(done)
        return done

    def _mood(self, moods: deque[str], method: str, path: str) -> str:
        with self._lock:
            self.asked.append((method, path))
            return moods.popleft() if moods else OK


def current_url() -> str:
    """Where the office of the running test is."""
    return os.environ.get(VARIABLE, "http://127.0.0.1:9")


def _handler(office: Office) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            split = urlsplit(self.path)
            params = {name: values[0] for name, values in parse_qs(split.query).items()}
            self._answer(office.show(split.path, params))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
            self._answer(office.do(self.command, self.path, body))

        do_PUT = do_POST  # noqa: N815 - the base class's name

        def _answer(self, answer: tuple[int, dict[str, Any] | str] | None) -> None:
            if answer is None:
                self.close_connection = True
                return
            status, body = answer
            content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Keep the test's output clean."""

    return Handler
