"""The JSON Schema of a mapping's rules and what reads them agree on the form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from admin_ui.mapping_form import EXAMPLE
from sync.errors import InvalidRequest
from sync.mapping import rules
from sync.registry import registry

SCHEMA = json.loads((Path(rules.__file__).parent / "rules.schema.json").read_text(encoding="utf-8"))
GADGETS = registry.find("shop.gadgets")
STEPS: list[Any] = [
    "lower",
    {"pad": {"side": "right", "width": 4, "char": "0"}},
    {"replace": {"pattern": "^a", "with": ""}},
    {"lookup": {"values": {"a": "b", "-": None}, "otherwise": "null"}},
]
GOOD: list[Any] = [
    {},
    EXAMPLE,
    {"fields": {"name": {"source": "title", "clean": STEPS, "max_length": None, "required": True}}},
    {"fields": {"note": {"default": "x", "allowed": ["x"]}, "changed": {"formats": ["%Y-%m-%d %H:%M:%S"]}}},
    {
        "fields": {
            "name": {
                "nulls": ["N/A"],
                "trim": "end",
                "empty_is_null": True,
                "max_bytes": 40,
                "pattern": "[A-Z].*",
            }
        }
    },
    {"fields": {"price": {"digits": 10, "places": 2, "rounding": "half_up", "decimal_comma": True}}},
    {
        "fields": {
            "changed": {
                "formats": ["%d-%b-%y %H:%M %Z"],
                "pivot": 1950,
                "zone": "Europe/Berlin",
                "zones": {"CET": "Europe/Berlin"},
                "ambiguous": "earliest",
                "nonexistent": "shift",
            }
        }
    },
    {"computed": {"title": {"join": ["name", "note"], "by": "-"}, "origin": {"constant": ""}}},
    {"computed": {"title": {"first_of": ["note", {"join": ["name"]}]}}, "drop": ["weight"]},
]
BAD: list[Any] = [
    [],
    {"field": {}},
    {"drop": "weight"},
    {"drop": [1]},
    {"fields": {"name": {"sorce": "x"}}},
    {"fields": {"name": {"max_length": 0}}},
    {"fields": {"name": {"clean": ["loud"]}}},
    {"fields": {"name": {"clean": [{"pad": {}}]}}},
    {"fields": {"name": {"clean": [{"pad": {"width": 1001}}]}}},
    {"fields": {"name": {"clean": [{"lookup": {"values": {}}}]}}},
    {"fields": {"changed": {"formats": []}}},
    {"fields": {"name": {"trim": "both"}}},
    {"fields": {"price": {"rounding": "up"}}},
    {"fields": {"changed": {"ambiguous": None}}},
    {"fields": {"changed": {"zones": {"CET": 1}}}},
    {"fields": {"changed": {"pivot": 1900}}},
    {"computed": {"Title": {"constant": "x"}}},
    {"computed": {"title": {"join": []}}},
    {"computed": {"title": {"first_of": []}}},
    {"computed": {"title": {"constant": 1}}},
]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("given", GOOD)
def test_what_is_taken_is_valid(given: Any) -> None:
    assert list(Draft202012Validator(SCHEMA).iter_errors(given)) == []
    assert rules.checked(GADGETS, given) == given


@pytest.mark.parametrize("given", BAD)
def test_what_is_not_valid_is_refused(given: Any) -> None:
    assert not Draft202012Validator(SCHEMA).is_valid(given)
    with pytest.raises(InvalidRequest):
        rules.checked(GADGETS, given)
