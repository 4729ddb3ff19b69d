"""Which addresses are on the public internet, and that others are not reached."""

from __future__ import annotations

import pytest

from sync.declare import System
from sync.errors import ConfigError
from sync.http import Session
from sync.outbound.addresses import is_public, may_be_private
from sync.registry import registry
from tests.wire import Wire, said


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_the_public_internet_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "192.0.2.1",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_our_own_network_is_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_private_address_is_not_asked(host: str) -> None:
    with Wire(lambda asked: said({})) as wire:
        session = Session("stranger", wire.url.replace("127.0.0.1", host), gate=None)

        with pytest.raises(ConfigError, match="private=True in the declaration") as caught:
            session.request("GET", "/")

        assert wire.asked == []
    assert caught.value.code == "private_address"
    assert f"{host} is 127.0.0.1" in caught.value.message


def test_a_connection_of_a_system_that_may_is_not_given_to_one_that_may_not() -> None:
    with Wire(lambda asked: said({})) as wire:
        Session("stranger", wire.url, gate=None, private=True).request("GET", "/")

        with pytest.raises(ConfigError):
            Session("stranger", wire.url, gate=None).request("GET", "/")

        assert len(wire.asked) == 1


def test_a_declaration_or_a_variable_allows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    client = registry.systems[0].client
    inside = System(name="inside", client=client, entities=(), private=True)
    outside = System(name="outside", client=client, entities=())
    monkeypatch.setattr(registry, "systems", (inside, outside))

    assert [may_be_private(name) for name in ("inside", "outside", "unknown")] == [True, False, False]

    monkeypatch.setenv("OUTSIDE_PRIVATE", "yes")
    assert may_be_private("outside")
    monkeypatch.setenv("OUTSIDE_PRIVATE", "perhaps")
    assert not may_be_private("outside")
