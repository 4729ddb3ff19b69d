"""The outbound session, against a far end of the test's own."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from threading import Thread

import pytest

from sync.errand import Errand, errand, on
from sync.errors import BridgeError, ConfigError, FatalError, NotFound, TransientError
from sync.http import Answer, Session, raise_for_status
from sync.outbound.rates import Rate
from tests.wire import Answering, Said, Wire, said


class Told:
    """A gate that keeps what it was told, for one process and without a database."""

    def __init__(self, left: float = 0.0) -> None:
        self.left = left
        self.failures = 0
        self.told: list[tuple[str, float | None]] = []

    @contextmanager
    def admitted(self, system: str) -> Iterator[None]:
        if self.left:
            raise TransientError("Not now.", code="rate_limited", retry_after=self.left, not_asked=True)
        yield

    def heed(self, system: str, rate: Rate) -> None:
        raise AssertionError("no system here declares headers")

    def heard(self, system: str, *, failed: bool) -> None:
        self.failures = self.failures + 1 if failed else 0

    def refused(self, system: str, pause: float | None) -> None:
        self.told.append((system, pause))


def always(answer: Said | None) -> Answering:
    return lambda asked: answer


def answer(status: int, body: bytes = b"{}", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    moment = datetime.now(UTC)
    return Answer(status=status, headers=named, body=body, asked_at=moment, system="erp", address="GET /x")


def test_it_gives_what_the_far_end_said_and_when_it_was_asked() -> None:
    with Wire(always(said({"a": 1}, 201, X_Kind="b"))) as wire:
        before = datetime.now(UTC)
        got = Session("erp", wire.url + "/base/", gate=None).request(
            "POST", "/things", params={"limit": 5}, json={"q": "é"}, headers={"Prefer": "x"}
        )

        (asked,) = wire.asked
        assert (got.status, got.body, got.headers["x-kind"]) == (201, b'{"a": 1}', "b")
        assert before <= got.asked_at <= datetime.now(UTC)
        assert (asked.method, asked.path, asked.params) == ("POST", "/base/things", {"limit": "5"})
        assert asked.headers["Prefer"] == "x"
        assert asked.headers["User-Agent"].startswith("Bridge/")


def test_it_keeps_the_connection_for_the_next_session_too() -> None:
    with Wire(always(said({}))) as wire:
        for _ in range(3):
            Session("erp", wire.url, gate=None).request("GET", "/")

        assert len({asked.connection for asked in wire.asked}) == 1


def test_it_unpacks_a_packed_answer() -> None:
    packed = Said(body=gzip.compress(b"[1]"), headers={"Content-Encoding": "gzip"})
    with Wire(always(packed)) as wire:
        assert Session("erp", wire.url, gate=None).request("GET", "/").body == b"[1]"


def test_it_refuses_an_answer_that_is_too_large_even_when_it_comes_packed() -> None:
    packed = Said(body=gzip.compress(b"x" * 100_000), headers={"Content-Encoding": "gzip"})
    with Wire(always(packed)) as wire:
        session = Session("erp", wire.url, gate=None, largest=99_999)

        with pytest.raises(TransientError, match="more than 99999 bytes") as caught:
            session.request("GET", "/")

        assert caught.value.code == "response_too_large"


def test_it_follows_no_redirect_and_keeps_no_cookie() -> None:
    with Wire(always(Said(status=302, headers={"Location": "/there", "Set-Cookie": "a=b"}))) as wire:
        session = Session("erp", wire.url, gate=None)
        session.request("GET", "/here")
        session.request("GET", "/here")

        assert [asked.path for asked in wire.asked] == ["/here", "/here"]
        assert "Cookie" not in wire.asked[1].headers


def test_it_takes_no_proxy_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with Wire(always(said({}))) as wire:
        assert Session("erp", wire.url, gate=None).request("GET", "/").status == 200


def test_an_answer_that_breaks_off_is_a_passing_fault_and_is_asked_once() -> None:
    with Wire(always(Said(body=b"x" * 1000, cut=10))) as wire:
        with pytest.raises(TransientError, match="hung up") as caught:
            Session("erp", wire.url, gate=None).request("GET", "/")

        assert caught.value.code == "far_end_unreachable"
        assert len(wire.asked) == 1


def test_a_far_end_that_hangs_up_is_a_passing_fault_and_is_asked_once() -> None:
    with Wire(always(None)) as wire:
        with pytest.raises(TransientError) as caught:
            Session("erp", wire.url, gate=None).request("GET", "/")

        assert caught.value.code == "far_end_unreachable"
        assert len(wire.asked) == 1


def test_where_nobody_listens_it_says_so_without_secrets() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    session = Session("erp", f"http://bob:hunter2@127.0.0.1:{port}", gate=None)

    with pytest.raises(TransientError) as caught:
        session.request("GET", "/x", params={"api_key": "hunter3"})

    assert caught.value.code == "far_end_unreachable"
    assert f"GET http://127.0.0.1:{port}/x: connection refused" in caught.value.message
    assert "hunter" not in caught.value.message


def test_a_far_end_that_says_nothing_is_a_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(TransientError, match=r"within 0\.1 s") as caught:
            Session("erp", f"http://127.0.0.1:{port}", gate=None, timeout=0.1).request("GET", "/")

    assert caught.value.code == "far_end_timeout"


def test_a_far_end_that_drips_is_hung_up_on_when_the_time_of_the_whole_is_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        dripping = Thread(target=drip, args=(server,))
        dripping.start()
        session = Session("erp", f"http://127.0.0.1:{server.getsockname()[1]}", gate=None, deadline=0.3)

        with pytest.raises(TransientError, match=r"within 0\.3 s") as caught:
            session.request("GET", "/")

        dripping.join()
    assert caught.value.code == "far_end_timeout"


def drip(server: socket.socket) -> None:
    """Send a byte now and then, each within the timeout of a read, until the other side hangs up."""
    line, _ = server.accept()
    with line, suppress(OSError):
        line.recv(1000)
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            line.sendall(b"x")
            time.sleep(0.02)


def test_a_header_is_left_out_for_one_request() -> None:
    with Wire(always(said({}))) as wire:
        session = Session("erp", wire.url, gate=None, headers={"Prefer": "transient"})
        session.request("GET", "/", headers={"prefer": None})
        session.request("GET", "/")

    assert ["Prefer" in asked.headers for asked in wire.asked] == [False, True]


@pytest.mark.parametrize("address", ["nonsense", "ftp://x", "http://", "http://[::1"])
def test_an_address_that_cannot_be_one_is_a_matter_of_configuration(address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Session("erp", address, gate=None).request("GET", "/")

    assert caught.value.code == "bad_address"


@pytest.mark.parametrize(("status", "told"), [(429, [("erp", 7.0)]), (503, [("erp", 7.0)]), (500, [])])
def test_a_refusal_as_one_too_many_is_told_to_the_gate(status: int, told: list[tuple[str, float]]) -> None:
    gate = Told()
    with Wire(always(said({}, status, Retry_After="7"))) as wire:
        Session("erp", wire.url, gate=gate).request("GET", "/")

    assert gate.told == told


def test_a_closed_gate_asks_nothing() -> None:
    with Wire(always(said({}))) as wire:
        with pytest.raises(TransientError) as caught:
            Session("erp", wire.url, gate=Told(left=6.5)).request("GET", "/")

        assert wire.asked == []
    assert (caught.value.code, caught.value.retry_after) == ("rate_limited", 6.5)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7.0), ("2.5", 2.5), ("0", 0.0), ("-3", None), ("nan", None), ("soon", None), ("1e9", 86_400.0)],
)
def test_it_reads_retry_after(text: str, seconds: float | None) -> None:
    assert answer(429, Retry_After=text).retry_after == seconds


def test_a_retry_after_that_is_a_date_counts_by_the_far_ends_own_clock() -> None:
    asked = format_datetime(datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC), usegmt=True)
    again = format_datetime(datetime(2026, 1, 1, 12, 0, 9, tzinfo=UTC), usegmt=True)

    assert answer(503, Date=asked, Retry_After=again).retry_after == 9.0
    assert answer(503, Retry_After=asked).retry_after == 0.0


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (302, ConfigError, "redirected"),
        (400, FatalError, "far_end_refused"),
        (401, ConfigError, "credentials_refused"),
        (403, ConfigError, "credentials_refused"),
        (404, NotFound, "not_found"),
        (408, TransientError, "far_end_error"),
        (422, FatalError, "far_end_refused"),
        (429, TransientError, "rate_limited"),
        (500, TransientError, "far_end_error"),
        (502, TransientError, "far_end_error"),
        (503, TransientError, "far_end_error"),
        (504, TransientError, "far_end_error"),
    ],
)
def test_each_refusal_becomes_the_error_that_says_what_to_do(
    status: int, kind: type[BridgeError], code: str
) -> None:
    with pytest.raises(kind, match=f"erp answered {status} to GET /x: No luck") as caught:
        raise_for_status(answer(status, b"<html>"), lambda refused: "No luck")

    assert caught.value.code == code


def test_an_error_carries_the_far_ends_words_short_and_without_secrets() -> None:
    body = b'{"token": "sesame-open",\n "why": "' + b"long " * 200 + b'"}'

    with pytest.raises(TransientError) as caught:
        raise_for_status(answer(503, body, Retry_After="3"))

    assert caught.value.retry_after == 3.0
    assert "sesame" not in caught.value.message
    assert "long long" in caught.value.message
    assert len(caught.value.message) < 600


def test_a_good_answer_raises_nothing() -> None:
    raise_for_status(answer(204, b""))


@pytest.mark.parametrize(
    ("method", "status", "changed"),
    [
        ("POST", 201, 1),
        ("POST", 302, 1),
        ("POST", 502, 1),
        ("POST", 408, 1),
        ("POST", 422, 0),
        ("POST", 429, 0),
        ("GET", 200, 0),
    ],
)
def test_what_may_have_changed_something_at_the_far_end_is_counted(
    method: str, status: int, changed: int
) -> None:
    with Wire(always(said({}, status))) as wire, on(Errand()):
        Session("erp", wire.url, gate=None).request(method, "/things")

        assert errand().changed == changed


def test_a_request_that_was_never_made_has_changed_nothing() -> None:
    with on(Errand()), suppress(TransientError):
        Session("erp", "http://127.0.0.1:9", gate=None, private=True).request("POST", "/things")

        assert errand().changed == 0
