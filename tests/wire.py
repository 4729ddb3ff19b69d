"""The other end of a wire: an HTTP server that says what a test tells it, and keeps what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    connection: int  # the client's port: equal for requests on one kept connection


@dataclass(frozen=True, kw_only=True)
class Said:
    """One answer; `cut` hangs up after so many bytes of its body. None in its place hangs up at once."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None


Answering = Callable[[Asked], "Said | None"]


def said(document: Any, status: int = 200, **headers: str) -> Said:
    """An answer with a document as JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Said(status=status, body=json.dumps(document).encode(), headers=named)


class Wire:
    """Listens while in a `with` block; `url` says where."""

    def __init__(
        self, answering: Answering, *, tls: SSLContext | None = None, host: str = "127.0.0.1"
    ) -> None:
        self.asked: list[Asked] = []
        self._server = ThreadingHTTPServer((host, 0), _handler(answering, self.asked))
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self.url = f"{'https' if tls else 'http'}://{host}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(answering: Answering, asked: list[Asked]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_HEAD(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            request = Asked(
                method=self.command,
                path=parts.path,
                params=dict(parse_qsl(parts.query, keep_blank_values=True)),
                headers=dict(self.headers.items()),
                body=body,
                connection=self.client_address[1],
            )
            asked.append(request)
            answer = answering(request)
            if answer is None:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body[: answer.cut])
            self.close_connection = self.close_connection or answer.cut is not None

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the inherited name
            """Print nothing."""

    return Handler
