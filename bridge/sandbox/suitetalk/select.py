"""Runs a query over the rows of one record type."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from bridge.sandbox.store import Row
from bridge.sandbox.suitetalk import masks
from bridge.sandbox.suitetalk.errors import VendorError, invalid_query
from bridge.sandbox.suitetalk.record_type import MODIFIED, RecordType, Value
from bridge.sandbox.suitetalk.syntax import (
    Column,
    Compare,
    Condition,
    Either,
    Every,
    IsNull,
    Like,
    Literal,
    Not,
    Query,
    Within,
)

Test = Callable[[Row], bool]
Read = Callable[[Row], Value]
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def matching(kind: RecordType, query: Query) -> list[Row]:
    """Return the rows a query finds, in its order. Raises a 400 VendorError."""
    rows = kind.table.rows()
    if query.where is not None:
        test = _test(kind, query.where)
        rows = [row for row in rows if test(row)]
    for column, descending in reversed(query.order):
        read = _read(kind, column)
        rows = sorted(rows, key=lambda row: _null_last(read(row)), reverse=descending)
    return rows


def known(kind: RecordType, column: Column) -> str:
    """Find a query's column. Raises a 400 VendorError."""
    name = kind.column(column.name)
    if name is None:
        raise no_such_field(column.name, kind.table.name)
    return name


def no_such_field(name: str, table: str) -> VendorError:
    """What NetSuite says of a column that it does not know."""
    return invalid_query(
        f"Search error occurred: Field '{name}' for record '{table}' was not found. "
        "Reason: NOT_FOUND - Field does not exist."
    )


def _test(kind: RecordType, condition: Condition) -> Test:
    match condition:
        case Every(conditions):
            tests = [_test(kind, part) for part in conditions]
            return lambda row: all(test(row) for test in tests)
        case Either(conditions):
            tests = [_test(kind, part) for part in conditions]
            return lambda row: any(test(row) for test in tests)
        case Not(IsNull(column)):
            read = _read(kind, column)
            return lambda row: read(row) is not None
        case Not(inner):
            # Of a null nothing is known, so its opposite is not true either.
            test, reads = _test(kind, inner), [_read(kind, column) for column in _columns(inner)]
            return lambda row: all(read(row) is not None for read in reads) and not test(row)
        case _:
            return _leaf(kind, condition)


def _leaf(kind: RecordType, condition: Compare | Within | Like | IsNull) -> Test:
    read = _read(kind, condition.column)
    match condition:
        case IsNull():
            return lambda row: read(row) is None
        case Like(pattern=pattern):
            like = re.compile(re.escape(pattern).replace("%", ".*").replace("_", "."), re.DOTALL)
            return lambda row: like.fullmatch(str(read(row) or "")) is not None
        case Within(literals=literals):
            values = {_comparable(kind, condition.column, literal) for literal in literals}
            return lambda row: read(row) in values
        case Compare(sign=sign, literal=literal):
            compare, value = _SIGNS[sign], _comparable(kind, condition.column, literal)
            return lambda row: (found := read(row)) is not None and compare(found, value)


def _columns(condition: Condition) -> list[Column]:
    match condition:
        case Every(conditions) | Either(conditions):
            return [column for part in conditions for column in _columns(part)]
        case Not(inner):
            return _columns(inner)
        case _:
            return [condition.column]


def _read(kind: RecordType, column: Column) -> Read:
    name = known(kind, column)
    if column.form == "display":
        return lambda row: kind.shown(row, name)
    if column.form == "char":
        mask = column.mask

        def as_text(row: Row) -> str | None:
            value = kind.value(row, name)
            return masks.write(value, mask) if isinstance(value, datetime) else None

        return as_text
    return lambda row: kind.value(row, name)


def _comparable(kind: RecordType, column: Column, literal: Literal) -> Value:
    """Turn a literal into what the column holds, as the database would."""
    value, name = literal.value, known(kind, column)
    if column.form != "plain":
        return str(value)
    if name == MODIFIED or name in kind.dates:
        if not isinstance(value, datetime):
            raise invalid_query(
                f'Search error occurred: Parse of date/time "{value}" failed with date format "M/d/yy" '
                "in time zone America/Los_Angeles"
            )
        return value
    if isinstance(value, datetime):
        raise invalid_query(f"Search error occurred: Field '{name}' is not a date.")
    if name not in kind.numbers and name != "id":
        return str(value)
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise invalid_query(f"Search error occurred: Invalid number {value!r} for field '{name}'.") from None
    # Python compares whole numbers much faster than decimals, and every page compares ids.
    return int(number) if number == number.to_integral_value() else number


def _null_last(value: Value) -> tuple[bool, Any]:
    return (value is None, value if value is not None else 0)
