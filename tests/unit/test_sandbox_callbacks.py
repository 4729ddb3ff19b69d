"""What the sandbox's Twilio tells of a message: signed forms, in any order, more than once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests

from bridge.sandbox.server import Sandbox
from bridge.systems.notifications.sandbox import CREDENTIALS
from tests.sandboxed import change, control

ACCOUNT, TOKEN = CREDENTIALS["NOTIFICATIONS_ACCOUNT_SID"], CREDENTIALS["NOTIFICATIONS_AUTH_TOKEN"]


class Ear(ThreadingHTTPServer):
    """Hears callbacks: the fields and the signature of each."""

    daemon_threads = True

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], str]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/callbacks/17"

    def wait_for(self, count: int) -> list[str]:
        """The statuses, once there are as many."""
        deadline = time.monotonic() + 10
        while len(self.heard) < count:
            assert time.monotonic() < deadline, self.heard
            time.sleep(0.01)
        return [fields["MessageStatus"] for fields, _ in self.heard]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Ear)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.heard.append((dict(parse_qsl(body)), self.headers["X-Twilio-Signature"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Keep the test's output clean."""


@pytest.fixture
def ear() -> Iterator[Ear]:
    with Ear() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(systems=("notifications",)) as running:
        yield running


def send(sandbox: Sandbox, ear: Ear, to: str = "+436601234567") -> dict[str, Any]:
    url = f"{sandbox.url}/notifications/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    form = {"To": to, "From": "+15005550006", "Body": "Hello", "StatusCallback": ear.url}
    answer = requests.post(url, data=form, auth=(ACCOUNT, TOKEN), timeout=10)
    assert answer.status_code == 201, answer.text
    message: dict[str, Any] = answer.json()
    return message


def test_each_status_is_told_with_a_signature(sandbox: Sandbox, ear: Ear) -> None:
    message = send(sandbox, ear)

    assert ear.wait_for(2) == ["sent", "delivered"]
    fields, signature = ear.heard[0]
    text = ear.url + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(TOKEN.encode(), text.encode(), hashlib.sha1).digest()
    assert signature == base64.b64encode(digest).decode()
    assert (fields["MessageSid"], fields["AccountSid"]) == (message["sid"], ACCOUNT)
    assert "ErrorCode" not in fields


def test_a_message_may_fail_after_it_was_taken(sandbox: Sandbox, ear: Ear) -> None:
    send(sandbox, ear, to="whatsapp:+15005553016")

    assert ear.wait_for(2) == ["sent", "undelivered"]
    assert ear.heard[1][0]["ErrorCode"] == "63016"


def test_callbacks_may_come_late_twice_and_in_another_order(sandbox: Sandbox, ear: Ear) -> None:
    control(sandbox, "POST", "notifications/webhooks", {"hold": True})
    send(sandbox, ear)
    deadline = time.monotonic() + 10
    while len(control(sandbox, "GET", "notifications/webhooks").json()["held"]) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)

    control(sandbox, "POST", "notifications/webhooks/release", {"order": "reversed", "times": 2})

    assert ear.wait_for(4) == ["delivered", "sent", "delivered", "sent"]


def test_a_status_set_by_hand_is_told_too(sandbox: Sandbox, ear: Ear) -> None:
    message = send(sandbox, ear)
    ear.wait_for(2)

    change(sandbox, f"notifications/messages/{message['sid']}", '{"status":"read"}')

    assert ear.wait_for(3)[-1] == "read"
