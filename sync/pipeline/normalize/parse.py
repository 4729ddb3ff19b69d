"""JSON rows to columns of text, with every number as it was written.

Whole pages go through read_ndjson. What it would change (a number's form, half a surrogate pair) or
cannot read goes one by one through `read_json`, so that one bad row costs nothing but itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import msgspec
import polars as pl

from sync.canonical import read_json
from sync.errors import RecordError

Row = Mapping[str, Any]

SMALLEST = 64  # rows of a stretch that are not worth another try of read_ndjson
PARTS = 8

# The bare number after the first such name, or nothing. It cannot match inside a JSON string: the quotes there
# are escaped.
BARE = r'"{}"\s*:\s*(-?[0-9][0-9.eE+-]*|)'
NUMERIC = r"^-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"
ESCAPED_NAME = r'\\.[^"]*"\s*:'
SURROGATE = r"\\u[dD][89a-fA-F]"


@dataclass(frozen=True, slots=True)
class Parsed:
    """Rows as text. Those in `singly` are null in `frame`."""

    frame: pl.DataFrame  # a String column for each source column
    bare: Mapping[str, pl.Series] = field(default_factory=dict)  # bare numbers as written
    singly: Mapping[int, Row | RecordError] = field(default_factory=dict)  # by position


def parse(rows: Sequence[bytes], sources: Collection[str]) -> Parsed:
    """The rows' source columns, by the page wherever that is exact."""
    rows = [_one_line(row) if b"\n" in row else row for row in rows]
    schema = dict.fromkeys(sorted(sources), pl.String)
    stretches = list(_stretches(rows, schema))
    frame = pl.concat([_empty(len(part), schema) if found is None else found for part, found in stretches])
    unread = {at for part, found in stretches if found is None for at in part}
    readable = [b"" if at in unread else row for at, row in enumerate(rows)] if unread else rows
    raw = pl.Series("raw", readable, dtype=pl.Binary).cast(pl.String).to_frame()
    frame, bare, odd = _exact(frame, raw)
    singly = unread | set(odd)
    return Parsed(frame, bare, {at: read_row(rows[at]) for at in sorted(singly)})


def parse_singly(rows: Sequence[bytes], sources: Collection[str]) -> Parsed:
    """The same, row by row: for entities with nested fields."""
    empty = _empty(len(rows), dict.fromkeys(sorted(sources), pl.String))
    return Parsed(empty, singly={at: read_row(row) for at, row in enumerate(rows)})


def read_row(row: bytes) -> Row | RecordError:
    """One row by plain JSON, or the error that says why it cannot be read."""
    try:
        found = read_json(row.decode())
    except UnicodeDecodeError as error:
        return RecordError(f"The row is not UTF-8: byte {error.start + 1} is wrong", code="bad_unicode")
    except RecordError as error:
        return RecordError(f"The row {error.message}", code="unreadable_row")
    if isinstance(found, dict):
        return found
    return RecordError("The row is not a JSON object", code="unreadable_row")


def _one_line(row: bytes) -> bytes:
    try:
        return msgspec.json.format(row, indent=-1)
    except msgspec.DecodeError:
        return row


def _stretches(
    rows: list[bytes], schema: Mapping[str, type[pl.String]], start: int = 0
) -> Iterator[tuple[range, pl.DataFrame | None]]:
    """The rows in stretches that read_ndjson takes whole, and short ones (None) that it does not take."""
    frame = _read_lines(rows, schema)
    if frame is not None or len(rows) <= SMALLEST:
        yield range(start, start + len(rows)), frame
        return
    size = -(-len(rows) // PARTS)
    for at in range(0, len(rows), size):
        yield from _stretches(rows[at : at + size], schema, start + at)


def _read_lines(rows: list[bytes], schema: Mapping[str, type[pl.String]]) -> pl.DataFrame | None:
    page = b"\n".join(rows)
    if page.count(b"\n") != len(rows) - 1:
        return None
    try:
        frame = pl.read_ndjson(BytesIO(page), schema=schema)
    except pl.exceptions.PolarsError:  # which row it was, and why, is found out row by row
        return None
    return frame if frame.height == len(rows) else None


def _exact(frame: pl.DataFrame, raw: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, pl.Series], list[int]]:
    """The frame with numbers as the raw rows have them, those numbers, and the rows to look at singly."""
    row = pl.col("raw")
    looks = frame.select(pl.all().str.contains(NUMERIC).any()).row(0)
    names = [name for name, numeric in zip(frame.columns, looks, strict=True) if numeric]
    bare = raw.select(
        row.str.extract(BARE.format(re.escape(name))).replace("", None).alias(name) for name in names
    )
    # Nested: a second brace, or a value that begins like a list.
    nested = row.str.count_matches("{", literal=True) > 1
    odd = raw.select(nested | row.str.contains(SURROGATE) | row.str.contains(ESCAPED_NAME)).to_series()
    odd |= frame.select(pl.any_horizontal(pl.all().str.starts_with("[").fill_null(value=False))).to_series()
    for name in names:
        odd |= _altered(bare[name], frame[name])
    frame = frame.with_columns(bare[name].fill_null(frame[name]) for name in names)
    return frame, {name: bare[name] for name in names}, odd.arg_true().to_list()


def _altered(bare: pl.Series, found: pl.Series) -> pl.Series:
    """Where a bare number stands for this name but read_ndjson found something else."""
    differs = bare.is_not_null() & bare.ne_missing(found)
    if not differs.any():
        return differs
    same = bare.cast(pl.Float64, strict=False) == found.cast(pl.Float64, strict=False)
    return differs & ~same.fill_null(value=False)


def _empty(rows: int, schema: Mapping[str, type[pl.String]]) -> pl.DataFrame:
    return pl.DataFrame({name: pl.Series(name, [None] * rows, dtype=pl.String) for name in schema})
