"""Rows of gadgets as no far end should send them: any JSON in any column, balanced so that a page stays one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from sync.canonical import canonical, read_json
from sync.errors import RecordError
from sync.fields import Timestamp
from tests.shop import gadgets

digits = st.text("0123456789", min_size=1, max_size=400).map(lambda text: text.lstrip("0") or "0")
numbers = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "-"]),
    digits,
    st.one_of(st.just(""), st.text("0123456789", min_size=1, max_size=400).map(".{}".format)),
    st.sampled_from(["", "", "e3", "E+5", "e-7", "e400", "e-400"]),
)
texts = st.text(max_size=12) | st.sampled_from(
    [
        *(
            "ALFKI",
            "alfki",
            "ALFKI ",
            " ALFKI",
            "x\x00y",
            "a\r\nb",
            "e\u0301",
            "\u1100\u1161",
            "|a=b\\",
            "\x7f\u0085",
            "\ufeff",
        ),
        *(
            "1,000.50",
            "€ 10",
            "(5.00)",
            "5-",
            "1e3",
            "  ",
            "9" * 1001,
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
        ),
        *("0001-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T00:00:60Z", "NULL", "x" * 3_000),
    ]
)
strings = st.one_of(
    texts.map(json.dumps),
    texts.map(lambda text: json.dumps(text, ensure_ascii=False)),
    st.sampled_from(['"\\ud800"', '"\\udc00x"', '"\\ud83d\\ude00"', '"\\u0000"', '"\\x"', '"\t"', '"\\/"']),
    numbers.map('"{}"'.format),
)
nested = st.sampled_from(
    ["{}", "[]", '{"a": 1}', '[{"id": 1.10}]', '{"id": {"id": 2}}', "[" * 300 + "]" * 300]
)
broken = st.sampled_from(["NaN", "01", "1.", "+1", "", "tru", "'x'", "-Infinity", "nul", "1e", ".5"])
values = st.one_of(numbers, strings, st.sampled_from(["null", "true", "false"]), nested, broken)
NAMES = ["id", "name", "email", "price", "weight", "note", "maker", "updated_at"]
odd_names = st.sampled_from(
    ['"ID"', '"id "', '"\\u0069d"', '"a\\u0000b"', '"\\ud800"', '""', '"name"', '"extra"']
)


EXAMPLE = 7_000_000
"""What the ids of drawn rows begin with: each example puts its own number there, and so has keys of its own."""

FORMS = ("{}", '"{}"', '" {} "', "{}.0", "{}e0", '"+{}"', '"{}\\u0000"')
ids = st.builds(
    lambda form, number: form.format(EXAMPLE * 100 + number), st.sampled_from(FORMS), st.integers(0, 12)
)


@st.composite
def odd_rows(draw: st.DrawFn) -> bytes:
    """One row: mostly a gadget, with something odd in some of its columns."""
    row = {
        '"id"': draw(ids),
        '"name"': '"Gadget"',
        '"price"': '"10.00"',
        '"updated_at"': '"2026-01-01T00:00:00Z"',
    }
    changed = draw(st.dictionaries(st.sampled_from(NAMES).map(json.dumps) | odd_names, values, max_size=3))
    members = [f"{name}: {value}" for name, value in {**row, **changed}.items()]
    twice = draw(st.booleans())
    return ("{" + ", ".join(members[:1] * twice + members) + "}").encode("utf-8", "surrogatepass")


def expected(raw: bytes) -> dict[str, str | None] | None:
    """What a row is stored as, read by plain Python without any of the columnar layers; None where it is refused."""
    try:
        row = read_json(raw.decode())
        return {
            name: None if (value := row.get(field.source or name)) is None else _text(field, value)
            for name, field in gadgets.fields.items()
            if not isinstance(field, Timestamp)
        }
    except (RecordError, UnicodeDecodeError, TypeError):
        return None


def is_good(raw: bytes, reading: Mapping[str, str | None]) -> bool:
    """Whether nothing is asked of a row that it does not have."""
    name, number = reading["name"] or "", reading["id"]
    usual = b'"updated_at": "2026-01-01T00:00:00Z"' in raw and raw.count(b"updated_at") == 1
    return bool(usual and number and name.strip() and len(name) <= 40 and reading["maker"] is None)


def _text(field: Any, value: Any) -> str | None:
    if isinstance(value, dict | list):
        raise TypeError
    return canonical(field, json.dumps(value) if isinstance(value, bool) else str(value))
