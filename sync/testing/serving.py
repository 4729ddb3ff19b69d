"""The HTTP server that gives recorded answers, with what goes wrong on a wire."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from requests.structures import CaseInsensitiveDict

from sync.testing.answers import Reply
from sync.testing.matching import Asked

LONGEST_SILENCE = 120.0
"""Seconds: nobody waits longer for an answer that never comes."""


@contextmanager
def serving(answer: Callable[[Asked], Reply]) -> Iterator[str]:
    """A server on this machine, at the URL that is given; `answer` is called by a thread for each request."""
    server = _Server(answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answer: Callable[[Asked], Reply]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.over = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_one_request(self) -> None:
        """Whatever the method is called."""
        try:
            self.raw_requestline = self.rfile.readline(65_537)
            if self.raw_requestline and self.parse_request():
                self._give(self.server.answer(self._asked()))
            else:
                self.close_connection = True
        except (ConnectionError, TimeoutError):
            self.close_connection = True  # who asked has hung up

    def _asked(self) -> Asked:
        split = urlsplit(self.path)
        return Asked(
            method=self.command,
            path=split.path,
            query=dict(parse_qsl(split.query, keep_blank_values=True)),
            headers=CaseInsensitiveDict(self.headers.items()),
            body=self._body(),
        )

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _give(self, reply: Reply) -> None:
        over = self.server.over
        if reply.delay:
            over.wait(reply.delay)
        if reply.mood == "silent":
            over.wait(LONGEST_SILENCE)
        if reply.mood in ("silent", "lost"):
            self.close_connection = True
            return
        content = reply.content()
        length = len(content)
        if reply.mood == "cut":
            content, self.close_connection = content[: length // 2], True
            length = max(length, 1)
        self._head(reply, length)
        if self.command != "HEAD":
            self.wfile.write(content)

    def _head(self, reply: Reply, length: int) -> None:
        self.send_response(reply.status)
        for name, value in reply.headed().items():
            self.send_header(name, value)
        if reply.status not in (204, 304):
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Keep the test's output clean."""
