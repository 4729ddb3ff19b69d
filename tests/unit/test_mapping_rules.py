"""Rules of a mapping: every error named, the rest laid over the declaration; the steps on a column."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from sync.errors import ConfigError, InvalidRequest
from sync.fields import Constant, FirstOf, Join, Text
from sync.fingerprint import fingerprint
from sync.mapping.rules import checked, effective
from sync.mapping.steps import step_of
from sync.registry import registry

GADGETS = registry.find("shop.gadgets")


def errors_of(rules: Any) -> list[str]:
    with pytest.raises(InvalidRequest) as refused:
        checked(GADGETS, rules)
    assert refused.value.code == "bad_rules"
    return refused.value.message.split("\n")


def stepped(step: Any, *values: str | None) -> list[str | None]:
    frame = pl.DataFrame({"text": pl.Series(values, dtype=pl.String)})
    return frame.select(step_of(step)(pl.col("text"))).to_series().to_list()


def test_rules_take_the_place_of_what_is_declared() -> None:
    rules = {
        "fields": {
            "name": {"source": "title", "max_length": None, "required": False},
            "note": {"default": "none", "allowed": ["none", "some"], "clean": ["lower"]},
            "changed": {"formats": ["%d.%m.%Y %H:%M"]},
        },
        "computed": {
            "title": {"first_of": ["note", {"join": ["name", "email"], "by": "-"}]},
            "origin": {"constant": "shop"},
        },
        "drop": ["weight"],
    }

    entity = effective(GADGETS, checked(GADGETS, rules), 1).entity

    name = entity.fields["name"]
    assert isinstance(name, Text)
    assert (name.source, name.max_length, name.required) == ("title", None, False)
    assert entity.fields["note"].default == "none"
    assert entity.fields["email"] == GADGETS.entity.fields["email"]
    assert "weight" not in entity.fields
    assert entity.computed == {
        "title": FirstOf("note", Join("name", "email", by="-")),
        "origin": Constant("shop"),
    }
    assert GADGETS.entity.fields["name"].source is None


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([], "Rules are a JSON object"),
        ({"field": {}}, "field: not known"),
        ({"fields": []}, "fields: must be an object"),
        ({"fields": {"nmae": {}}}, "fields.nmae: not a field"),
        ({"fields": {"id": {"source": "no"}}}, "fields.id: part of the key"),
        ({"fields": {"name": "title"}}, "fields.name: must be an object"),
        ({"fields": {"name": {"sorce": "x"}}}, "fields.name.sorce: not known of a text field"),
        ({"fields": {"price": {"max_length": 3}}}, "fields.price.max_length: not known of a money field"),
        ({"fields": {"name": {"source": ""}}}, "fields.name.source: must be a text"),
        ({"fields": {"name": {"required": 1}}}, "fields.name.required: must be true or false"),
        ({"fields": {"name": {"max_length": "3"}}}, "fields.name.max_length: must be a whole number"),
        ({"fields": {"name": {"max_length": 0}}}, "max_length=0"),
        ({"fields": {"name": {"allowed": "a"}}}, "fields.name.allowed: must be a list of texts"),
        ({"fields": {"name": {"clean": "lower"}}}, "fields.name.clean: must be a list"),
        ({"fields": {"name": {"clean": ["loud"]}}}, "'loud' is not a cleaning step"),
        ({"fields": {"price": {"default": "many"}}}, "default that cannot be read"),
        ({"fields": {"price": {"default": 3}}}, "fields.price.default: must be a text"),
        ({"fields": {"changed": {"formats": []}}}, "has no formats"),
        ({"computed": {"name": {"constant": "x"}}}, "both read and computed"),
        ({"computed": {"Title": {"constant": "x"}}}, "'Title' cannot be used"),
        ({"computed": {"full": {"join": ["nmae"]}}}, "Did you mean 'name'"),
        ({"computed": {"full": {"sum": ["name"]}}}, "computed.full: write"),
        ({"computed": {"full": {"first_of": [{"constant": "x"}]}}}, "names of fields and joins"),
        ({"drop": ["id"]}, "drop: 'id' is the key"),
        ({"drop": ["changed"]}, "drop: 'changed' is the key, the cursor"),
        ({"drop": ["nothing"]}, "drop: 'nothing' is not a field"),
        ({"drop": ["email"]}, "'email' in its filters"),
        ({"drop": ["maker"]}, "'maker' in its parent shop.makers"),
        ({"drop": ["note"]}, "'note' in its computed 'title'"),
        ({"drop": [{}]}, "drop: '{}' is not a field"),
        ({"fields": {"name": {"default": "a\ud800"}}}, "cannot be stored"),
        ({"computed": {"origin": {"constant": "a\x00"}}}, "cannot be stored"),
    ],
)
def test_what_does_not_fit_is_named(rules: Any, said: str) -> None:
    assert said in "\n".join(errors_of(rules))


def test_all_errors_are_named_at_once() -> None:
    wrong = {"fields": {"nmae": {}, "id": {}, "price": {"default": 3}}, "drop": ["nothing"]}

    assert len(errors_of(wrong)) == 4


def test_rules_that_fit_no_more_are_a_matter_of_configuration() -> None:
    with pytest.raises(ConfigError) as refused:
        effective(GADGETS, {"fields": {"gone": {}}}, 3)

    assert refused.value.code == "mapping_unfit"
    assert "Mapping 3" in refused.value.message


def test_the_fingerprint_tells_mappings_apart() -> None:
    rules = {"fields": {"note": {"clean": [{"pad": {"width": 3}}]}}}

    marks = {fingerprint(GADGETS, 0), fingerprint(GADGETS, 1), fingerprint(effective(GADGETS, rules, 1), 1)}

    assert len(marks) == 3
    assert fingerprint(effective(GADGETS, rules, 1), 1) in marks


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        ("lower", "Aß", "aß"),
        ("upper", "a", "A"),
        ("collapse", "a  b", "a b"),
        ("blank_to_null", "", None),
        ("trim", " a ", "a"),
        ({"pad": {"width": 4, "char": "0"}}, "12", "0012"),
        ({"pad": {"side": "right", "width": 3}}, "é", "é  "),
        ({"pad": {"width": 1}}, "123", "123"),
        ({"replace": {"pattern": "^0+(.)", "with": "$1"}}, "0012", "12"),
        ({"lookup": {"values": {"A": "active"}}}, "A", "active"),
        ({"lookup": {"values": {"A": "active"}}}, "B", "B"),
        ({"lookup": {"values": {"A": "active"}, "otherwise": "null"}}, "B", None),
        ({"lookup": {"values": {"-": None}}}, "-", None),
    ],
)
def test_a_step_cleans_a_value_and_leaves_null(step: Any, before: str, after: str | None) -> None:
    assert stepped(step, before, None) == [after, None]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"pad": {}}, "width is missing"),
        ({"pad": {"width": 0}}, "width is 0"),
        ({"pad": {"width": True}}, "width is True"),
        ({"pad": {"width": 3, "char": "ab"}}, "char"),
        ({"pad": {"width": 3, "side": "up"}}, "side"),
        ({"pad": 3}, "takes an object"),
        ({"replace": {"pattern": "(", "with": ""}}, "cannot be read"),
        ({"replace": {"pattern": "a(?=b)", "with": ""}}, "cannot be read"),
        ({"replace": {"pattern": "a"}}, "with is missing"),
        ({"replace": {"pattern": "a", "with": 1}}, "are texts"),
        ({"lookup": {"values": {}}}, "an object of"),
        ({"lookup": {"values": {"a": 1}}}, "must lead to a text"),
        ({"lookup": {"values": {"a": "b"}, "otherwise": "fail"}}, "otherwise"),
        ({"lookup": {"values": {"a": "b"}, "other": 1}}, "'other' is not known"),
        (["lower"], "not a cleaning step"),
    ],
)
def test_a_step_that_cannot_be_taken_is_named(step: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        step_of(step)
