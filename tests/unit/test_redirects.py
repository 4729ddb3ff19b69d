"""Redirects: followed where the system allows them, by reads, and without credentials to others."""

from __future__ import annotations

import ctypes
import os
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import trustme
from pytest_django.fixtures import Settings
from requests import PreparedRequest
from requests.auth import AuthBase

from sync.declare import System
from sync.errand import Errand, on
from sync.errors import ConfigError, TransientError
from sync.http import Session, raise_for_status
from sync.outbound.redirects import allowed
from sync.registry import registry
from sync.testing import FarEnd
from tests.unit.test_http import Told
from tests.wire import Answering, Asked, Said, Wire, said

SECRET = "hunter2"
CLONE_NEWNET = 0x40000000


class Key(AuthBase):
    """Signs each request for its own address, as OAuth 1 does."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"{SECRET} for {request.path_url}"
        return request


class Counted(Told):
    """Counts what it lets through."""

    admissions = 0

    @contextmanager
    def admitted(self, system: str) -> Iterator[None]:
        self.admissions += 1
        yield


def leading(to: str, status: int = 302) -> Said:
    return Said(status=status, headers={"Location": to})


def from_here(to: str, status: int = 302) -> Answering:
    """`/here` leads there, all else answers."""
    return lambda asked: leading(to, status) if asked.path == "/here" else said({"at": asked.path})


def session(url: str, redirects: int | None = 5, **more: Any) -> Session:
    given: dict[str, Any] = {"auth": Key(), "headers": {"X-Api-Key": SECRET}, "gate": None, **more}
    return Session("erp", url, redirects=redirects, **given)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_read_is_led_on_with_its_method_and_signed_anew(status: int, method: str) -> None:
    with Wire(from_here("there?page=2", status)) as wire:
        answer = session(wire.url).request(method, "/here", params={"page": 1})

        assert (answer.status, answer.address) == (200, f"{method} {wire.url}/there")
        _first, second = wire.asked
    assert (second.method, second.path, second.params) == (method, "/there", {"page": "2"})
    assert second.headers["Authorization"] == f"{SECRET} for /there?page=2"
    assert second.headers["X-Api-Key"] == SECRET


def test_a_user_and_password_in_the_address_go_along_to_the_same_host() -> None:
    with Wire(lambda asked: leading(f"{wire.url}/there") if asked.path == "/here" else said({})) as wire:
        session(wire.url.replace("//", "//bob:hunter2@"), auth=None).request("GET", "/here")

        assert [asked.headers["Authorization"][:6] for asked in wire.asked] == ["Basic ", "Basic "]


@pytest.mark.parametrize("by_name", [False, True])
def test_another_host_or_port_gets_no_credentials_and_no_header_of_the_system(by_name: bool) -> None:
    with Wire(lambda asked: said({"where": "other"})) as other:
        away = other.url.replace("127.0.0.1", "localhost") if by_name else other.url
        with Wire(lambda asked: leading(away.replace("//", "//eve:pw@") + "/there?a=%2F&b=+")) as wire:
            answer = session(wire.url).request(
                "GET", "/here", headers={"X-Session": SECRET, "Accept": "text/csv"}
            )

        (asked,) = other.asked
    assert answer.body == b'{"where": "other"}'
    assert {name.lower() for name in asked.headers} == {"host", "user-agent", "accept", "accept-encoding"}
    assert (asked.headers["Accept"], asked.params) == ("text/csv", {"a": "/", "b": " "})


def test_who_led_away_and_back_gets_no_credentials_either() -> None:
    with (
        Wire(lambda asked: leading(f"{wire.url}/back")) as other,
        Wire(from_here(f"{other.url}/away")) as wire,
    ):
        session(wire.url).request("GET", "/here")

        assert ["Authorization" in asked.headers for asked in wire.asked] == [True, False]


@pytest.mark.parametrize(("redirects", "asked"), [(0, 1), (1, 2), (3, 4), (9, 6)])
def test_it_follows_no_more_than_allowed_and_never_more_than_five(redirects: int, asked: int) -> None:
    with Wire(lambda asked: leading("/here")) as wire:
        answer = session(wire.url, redirects).request("GET", "/here")

        assert (answer.status, len(wire.asked)) == (302, asked)
    with pytest.raises(ConfigError, match=r"not followed: set the final address.*redirects=") as caught:
        raise_for_status(answer)
    assert caught.value.code == "redirected"


@pytest.mark.parametrize(
    "ask",
    [
        lambda session: session.request("POST", "/here"),
        lambda session: session.request("POST", "/here", json={"a": 1}),
        lambda session: session.request("GET", "/here", json={"a": 1}),
        lambda session: session.request("GET", "/here", data=b"x"),
    ],
)
def test_a_write_or_a_read_with_a_body_is_not_led_on(ask: Callable[[Session], object]) -> None:
    with Wire(from_here("/there")) as wire:
        ask(session(wire.url))

        assert [asked.path for asked in wire.asked] == ["/here"]


@pytest.mark.parametrize(
    "to", ["", "ftp://127.0.0.1/there", "file:///etc/passwd", "http://[::1", "http://a:b/", "//"]
)
def test_where_nothing_can_be_asked_it_does_not_go(to: str) -> None:
    with Wire(from_here(to)) as wire:
        assert session(wire.url).request("GET", "/here").status == 302


@pytest.mark.parametrize("status", [300, 304, 200])
def test_only_an_answer_that_leads_on_is_followed(status: int) -> None:
    with Wire(from_here("/there", status)) as wire:
        assert session(wire.url).request("GET", "/here").status == status
        assert len(wire.asked) == 1


def test_each_takes_of_the_budget_and_is_seen() -> None:
    gate, errand = Counted(), Errand()
    with Wire(from_here("/there")) as wire, on(errand):
        session(wire.url, gate=gate).request("GET", "/here", params={"token": SECRET})

    assert (gate.admissions, errand.requests) == (2, 2)
    assert [(one.url, one.status) for one in errand.seen] == [
        (f"{wire.url}/here", 302),
        (f"{wire.url}/there", 200),
    ]


def test_the_time_of_a_request_is_that_of_all_it_was_led_to() -> None:
    def slow(asked: Asked) -> Said:
        time.sleep(0.25)
        return leading("/here")

    with Wire(slow) as wire:
        with pytest.raises(TransientError, match=r"within 0\.6 s") as caught:
            session(wire.url, deadline=0.6).request("GET", "/here")

        assert len(wire.asked) < 6
    assert caught.value.code == "far_end_timeout"


def test_a_system_says_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    client = registry.systems[0].client
    erp = System(name="erp", client=client, entities=(), redirects=1)
    other = System(name="other", client=client, entities=())
    monkeypatch.setattr(registry, "systems", (erp, other))

    assert [allowed(name) for name in ("erp", "other", "unknown")] == [1, 0, 0]
    with Wire(lambda asked: leading("/here")) as wire:
        session(wire.url, None).request("GET", "/here")

        assert len(wire.asked) == 2


def test_it_never_goes_from_https_to_http_but_from_http_to_https(settings: Settings) -> None:
    ours, context = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.issue_cert("127.0.0.1").configure_cert(context)
    settings.BRIDGE_CA_BUNDLE = ours.cert_pem.bytes().decode()
    with Wire(lambda asked: said({})) as plain, Wire(from_here(f"{plain.url}/there"), tls=context) as secure:
        answer = session(secure.url).request("GET", "/here")
        assert (answer.status, plain.asked) == (302, [])

        with Wire(from_here(f"{secure.url}/there")) as up:
            assert session(up.url).request("GET", "/here").status == 200
        assert "Authorization" not in secure.asked[-1].headers


@pytest.mark.parametrize(
    ("to", "raised"), [("http://127.0.0.1:9/there", TransientError), ("//h h/", ConfigError)]
)
def test_where_a_later_step_fails_the_first_may_have_done_something(to: str, raised: type[Exception]) -> None:
    with Wire(from_here(to)) as wire, pytest.raises(raised) as caught:
        raise_for_status(session(wire.url).request("GET", "/here"))

    assert isinstance(caught.value, TransientError | ConfigError)
    assert not caught.value.no_effect


def test_a_recorded_far_end_leads_nobody_out_of_the_test() -> None:
    with Wire(lambda asked: said({})) as outside, FarEnd("netsuite") as far_end:
        far_end.answer("GET", "/here", status=302, headers={"Location": f"{outside.url}/there"})
        far_end.answer("GET", "/near", status=302, headers={"Location": "/there"})
        far_end.answer("GET", "/there", json={})
        asking = Session("netsuite", "https://far.example", gate=None, redirects=1)

        assert [asking.request("GET", path).status for path in ("/here", "/near")] == [302, 200]
        assert outside.asked == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make network namespaces")
def test_one_that_leads_into_our_own_network_is_refused_as_the_first_would_be() -> None:
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(led_inside).result()


def led_inside() -> None:
    """In a network of this thread's own, where an address of the public internet is ours."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        pytest.skip(f"no network namespaces here: {os.strerror(ctypes.get_errno())}")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", "9.9.9.9/32", "dev", "lo"], check=True)
    with (
        Wire(lambda asked: said({})) as inside,
        Wire(from_here(f"{inside.url}/there"), host="9.9.9.9") as public,
    ):
        asking = session(public.url, private=False)

        with pytest.raises(
            ConfigError, match=r"127\.0\.0\.1 is 127\.0\.0\.1, which is not on the public"
        ) as caught:
            asking.request("GET", "/here")

        assert (caught.value.code, len(public.asked), inside.asked) == ("private_address", 1, [])
        assert asking.request("GET", "/there").status == 200
