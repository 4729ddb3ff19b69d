"""Turns bytes on a connection into a Request, and a Response into bytes."""

from __future__ import annotations

import select
import socket
import socketserver
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl

from bridge.sandbox.dispatch import Dispatcher
from bridge.sandbox.exchange import Request, Response, json_response

LARGEST_BODY = 64 * 1024 * 1024


class Handler(BaseHTTPRequestHandler):
    """One connection: requests one after the other, kept alive between them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    dispatcher: Dispatcher

    def do_GET(self) -> None:
        """Answer; which methods are allowed is for the far end to say."""
        self._answer()

    def do_POST(self) -> None:
        """Answer, as any method."""
        self._answer()

    def do_PUT(self) -> None:
        """Answer, as any method."""
        self._answer()

    def do_PATCH(self) -> None:
        """Answer, as any method."""
        self._answer()

    def do_DELETE(self) -> None:
        """Answer, as any method."""
        self._answer()

    def _answer(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdigit():
            self._send(
                json_response({"error": "send a Content-Length; chunked bodies are not read"}, 411), last=True
            )
        elif int(length) > LARGEST_BODY:
            self._send(json_response({"error": f"at most {LARGEST_BODY} bytes are read"}, 413), last=True)
        else:
            response = self.dispatcher.answer(self._request(self.rfile.read(int(length))))
            if response is None:
                self.close_connection = True
            else:
                self._send(response)

    def handle_one_request(self) -> None:
        """Answer one request, or end quietly when the client has gone: nobody is there to be told."""
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the inherited name
        """Print nothing: each far end keeps its own journal."""

    def _request(self, body: bytes) -> Request:
        path, _, query = self.path.partition("?")
        return Request(
            method=self.command,
            path=path,
            url=f"http://{self.headers.get('Host', '').lower()}{path}",
            params=tuple(parse_qsl(query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            client=str(self.client_address[0]),
            gone=self._gone,
        )

    def _gone(self) -> bool:
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)

    def _send(self, response: Response, *, last: bool = False) -> None:
        self.close_connection = self.close_connection or last
        headers = {"Server": "bridge-sandbox", "Date": self.date_time_string(), **response.headers}
        if response.status != 204:
            headers |= {"Content-Type": response.content_type, "Content-Length": str(len(response.body))}
        if self.close_connection:
            headers["Connection"] = "close"
        lines = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        body = response.body[: len(response.body) // 2] if response.cut else response.body
        # One write: head and body in two packets would wait for each other's acknowledgement.
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        self.close_connection = self.close_connection or response.cut


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Listens; a thread a connection. Not http.server's: that one asks DNS for its own name."""

    allow_reuse_address = True
    request_queue_size = 1024

    def __init__(self, address: tuple[str, int], dispatcher: Dispatcher) -> None:
        self._connections: set[socket.socket] = set()
        self.dispatcher = dispatcher
        super().__init__(address, type("BoundHandler", (Handler,), {"dispatcher": dispatcher}))

    def process_request(self, request: socketserver._RequestType, client_address: object) -> None:
        """Keep hold of the connection, to be able to end it."""
        if isinstance(request, socket.socket):
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socketserver._RequestType) -> None:
        """Let the connection go."""
        if isinstance(request, socket.socket):
            self._connections.discard(request)
        super().shutdown_request(request)

    def end(self) -> None:
        """Stop listening, end every connection and wait for its thread."""
        self.shutdown()
        self.dispatcher.stopping.set()
        for connection in tuple(self._connections):
            _hang_up(connection)
        self.server_close()


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        # Closed by the other side, or by its own thread, in the same moment.
        return
