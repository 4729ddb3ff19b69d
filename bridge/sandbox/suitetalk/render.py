"""Writes found rows as SuiteQL answers do: lower-case keys, strings, null columns left out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bridge.sandbox.store import Row
from bridge.sandbox.suitetalk import masks
from bridge.sandbox.suitetalk.record_type import MODIFIED, RecordType
from bridge.sandbox.suitetalk.select import known
from bridge.sandbox.suitetalk.syntax import Column, Query, Selected
from bridge.sandbox.tokens import NULL, quoted

# A client of ours asks in two or three forms; more are not worth the memory.
FORMS = 4
Write = Callable[[Row], bytes]  # the raw JSON value; null is left out


def rendered(kind: RecordType, query: Query, rows: list[Row]) -> list[bytes]:
    """Write rows out; a row not changed since it was last asked for in this form is not written anew."""
    form = repr(query.columns)
    writes = [write for selected in query.columns for write in _writes(kind, selected)]
    return [row.rendered.get(form) or _render(row, form, writes) for row in rows]


def _render(row: Row, form: str, writes: list[tuple[bytes, Write]]) -> bytes:
    parts = [b'{"links":[]']
    for label, write in writes:
        token = write(row)
        if token != NULL:
            parts.append(label + token)
    text = b"".join(parts) + b"}"
    if len(row.rendered) >= FORMS:
        row.rendered.clear()
    row.rendered[form] = text
    return text


def _writes(kind: RecordType, selected: Selected) -> list[tuple[bytes, Write]]:
    if selected.column.name == "*":
        names = [name for name in kind.table.columns if name != MODIFIED]
        return [(_label(name), _write(kind, Column(name))) for name in [*names, MODIFIED]]
    return [(_label(selected.alias), _write(kind, selected.column))]


def _label(name: str) -> bytes:
    return b"," + quoted(name) + b":"


def _write(kind: RecordType, column: Column) -> Write:
    name = known(kind, column)
    if column.form == "display":
        return lambda row: _string(kind.shown(row, name))
    if name != MODIFIED and name not in kind.dates:
        return lambda row: row.columns.get(name, NULL)
    if column.form == "char":
        mask = column.mask
        return lambda row: _moment(kind, row, name, lambda moment: masks.write(moment, mask))
    return lambda row: _moment(kind, row, name, masks.in_user_format)


def _moment(kind: RecordType, row: Row, name: str, write: Callable[[datetime], str]) -> bytes:
    # A modified date given by hand stands in the columns and is served as it is.
    given = row.columns.get(name)
    value = None if name == MODIFIED and given is not None else kind.value(row, name)
    return quoted(write(value)) if isinstance(value, datetime) else given or NULL


def _string(text: str | None) -> bytes:
    return NULL if text is None else quoted(text)
