"""/docs and /api/schema: the whole surface, each declared entity too, without the internet."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from openapi_spec_validator import validate

from api.codes import CODES
from tests import factories


@pytest.fixture
def document(db: None, client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/schema?format=json").json()
    return found


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def test_each_entity_has_its_own_addresses(document: dict[str, Any]) -> None:
    assert {
        "/api/v1/shop/gadgets",
        "/api/v1/shop/gadgets/{key}",
        "/api/v1/gadgets",
        "/api/v1/gadgets/{key}",
        "/api/v1/shop/parts/{key}",
    } <= set(document["paths"])
    assert "/api/v1/parts" not in document["paths"], "it does not own the bare name"


def test_filters_are_parameters(document: dict[str, Any]) -> None:
    operation = document["paths"]["/api/v1/gadgets"]["get"]

    names = {parameter["name"] for parameter in operation["parameters"]}

    assert names == {
        *("email", "price", "updated_since", "limit", "after", "include_deleted", "as_of"),
        "Prefer",
    }


def test_fields_have_their_types(document: dict[str, Any]) -> None:
    properties = document["components"]["schemas"]["shop.gadgets.data"]["properties"]

    assert properties["id"] == {"type": "integer", "format": "int64"}
    assert (properties["name"]["maxLength"], properties["price"]["type"]) == (40, "string")
    assert properties["title"] == {"type": "string", "nullable": True}


def test_every_operation_but_the_open_ones_wants_a_token(document: dict[str, Any]) -> None:
    without = {
        path
        for path, operations in document["paths"].items()
        for operation in operations.values()
        if "token" not in {name for choice in operation.get("security", []) for name in choice}
    }

    signed = ("/api/v1/webhooks/{system}/{entity}", "/api/v1/callbacks/")
    assert all(path.startswith(("/api/v1/health", *signed)) for path in without), without


def test_the_codes_are_listed(document: dict[str, Any]) -> None:
    assert all(f"`{code}`" in document["info"]["description"] for code in CODES)


def test_the_page_asks_nobody_else(client: Client) -> None:
    page = client.get("/docs").content.decode()
    script = client.get("/docs?script=").content.decode()

    addresses = re.findall(r"""(?:src|href)=["']([^"']+)""", page)
    assert addresses
    assert all(address.startswith("/") for address in addresses), addresses
    assert "/api/schema" in script


@pytest.mark.usefixtures("db")
def test_it_describes_what_the_mapping_in_force_makes_of_an_entity(client: Client) -> None:
    rules = {
        "fields": {"name": {"required": False, "max_length": 90}},
        "computed": {"origin": {"constant": "shop"}},
        "drop": ["weight"],
    }
    factories.mapping("shop.gadgets", state="active", rules=rules)

    document = client.get("/api/schema?format=json").json()

    data = document["components"]["schemas"]["shop.gadgets.data"]
    assert data["properties"]["origin"] == {"type": "string", "nullable": True}
    assert data["properties"]["name"] == {"type": "string", "nullable": True}
    assert "weight" in data["properties"], "records of the declaration alone have it still"
    assert data["required"] == ["id"]
    validate(document)


@pytest.mark.usefixtures("db")
def test_a_mapping_that_fits_no_more_leaves_the_document_as_declared(client: Client) -> None:
    factories.mapping("shop.gadgets", state="active", rules={"fields": {"gone": {}}})

    document = client.get("/api/schema?format=json").json()

    assert "origin" not in document["components"]["schemas"]["shop.gadgets.data"]["properties"]
