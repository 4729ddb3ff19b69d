"""Which entity and key a URL means, whatever the server has decoded of it."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from django.test import RequestFactory

from api.paths import Place, locate
from sync.declare import Entity, System
from sync.errors import UnknownEntity
from sync.fields import Text
from sync.keys import parse_key
from sync.registry import Registered

pair = Registered(
    System(name="pairs", client=lambda: None, entities=()),  # type: ignore[arg-type,return-value]  # never called
    Entity(name="pair", source=None, key=("left", "right"), fields={"left": Text(), "right": Text()}),
)


def place(raw: str, *, passed_on: bool) -> Place:
    """Of a request as WSGI has it: decoded, and where the server does so, also as it came."""
    raw = f"/api/v1/{raw}"
    request = RequestFactory().get("/")
    request.path = request.path_info = unquote(raw)
    if passed_on:
        request.META["RAW_URI"] = f"{raw}?limit=5"
    return locate(request)


@pytest.mark.parametrize("passed_on", [True, False])
@pytest.mark.parametrize(
    ("raw", "path", "key"),
    [
        ("gadgets", "shop.gadgets", None),
        ("gadgets/", "shop.gadgets", None),
        ("gadget", "shop.gadgets", None),
        ("shop/gadgets", "shop.gadgets", None),
        ("shop/parts", "shop.parts", None),
        ("gadgets/7", "shop.gadgets", "7"),
        ("shop/gadgets/7", "shop.gadgets", "7"),
        ("shop/gadgets/A%2FB", "shop.gadgets", "A%2FB"),
        ("gadgets/A%2FB%2C%25", "shop.gadgets", "A%2FB%2C%25"),
        ("gadgets/%C3%A4%20%3F", "shop.gadgets", "%C3%A4%20%3F"),
    ],
)
def test_it_finds_the_entity_and_the_key(raw: str, path: str, key: str | None, passed_on: bool) -> None:
    found = place(raw, passed_on=passed_on)

    assert (found.registered.path, found.key) == (path, key)


@pytest.mark.parametrize("raw", ["gizmos", "shop", "shop/gizmos", "parts", "shop.gadgets", "shop.gadgets/7"])
def test_it_names_no_entity(raw: str) -> None:
    with pytest.raises(UnknownEntity) as refused:
        place(raw, passed_on=False)

    assert "gadgets" in refused.value.message or "shop" in refused.value.message


def test_a_path_that_was_changed_on_the_way_counts_as_the_server_has_it() -> None:
    request = RequestFactory().get("/api/v1/gadgets/7")
    request.META["RAW_URI"] = "/mounted/here/api/v1/gadgets/8"

    assert locate(request).key == "7"


def test_a_request_target_with_a_host_is_read() -> None:
    request = RequestFactory().get("/api/v1/gadgets/A/B")
    request.META["REQUEST_URI"] = "http://bridge.example/api/v1/gadgets/A%2FB?x=1"

    assert locate(request).key == "A%2FB"


def test_a_comma_within_a_part_of_a_key_is_told_from_one_between_parts() -> None:
    assert parse_key(pair, "a%2Cb,c") == {"left": "a,b", "right": "c"}


def test_the_endpoint_names_no_key() -> None:
    assert place("gadgets/7", passed_on=False).endpoint == "/api/v1/shop/gadgets/{key}"
