"""JSON rows to columns of text, with every number as it was written.

Whole pages go through read_ndjson. What it would change (a number's form, half a surrogate pair) or
cannot read goes one by one through `read_json`, so that one bad row costs nothing but itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
import polars as pl

from sync.canonical import read_json
from sync.errors import RecordError

Row = Mapping[str, Any]
Care = Literal["form", "fraction", "value"]
"""What must stay of a bare number: how it is written; that where it has a fraction; only its value."""

SMALLEST = 64  # rows of a stretch that are not worth another try of read_ndjson
PARTS = 8

# The bare number after the first such name, or nothing. It cannot match inside a JSON string: the quotes there
# are escaped.
BARE = r'"{}"\s*:\s*(-?[0-9][0-9.eE+-]*|)'
NUMERIC = r"^-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"
ESCAPED_NAME = r'\\.[^"]*"\s*:'
# A bare number of so many characters that a float may not keep it, or with an exponent.
WILD = r":\s*-?(?:[0-9]+\.?[0-9]*[eE]|[0-9.]{17})"
SURROGATE = r"\\u[dD][89a-fA-F]"


@dataclass(frozen=True, slots=True)
class Parsed:
    """Rows as text. Those in `singly` are null in `frame`."""

    frame: pl.DataFrame  # a String column for each source column
    bare: Mapping[str, pl.Series] = field(default_factory=dict)  # bare numbers as written
    singly: Mapping[int, Row | RecordError] = field(default_factory=dict)  # by position


def parse(rows: Sequence[bytes], sources: Mapping[str, Care]) -> Parsed:
    """The rows' source columns, by the page wherever that is exact enough for what is asked of each column."""
    schema = dict.fromkeys(sorted(sources), pl.String)
    lines = pl.Series("raw", rows, dtype=pl.Binary)
    if lines.bin.contains(b"\n").any():
        rows = [_one_line(row) if b"\n" in row else row for row in rows]
        lines = pl.Series("raw", rows, dtype=pl.Binary)
    stretches = list(_stretches(rows, lines, schema))
    frame = pl.concat([_empty(len(part), schema) if found is None else found for part, found in stretches])
    unread = {at for part, found in stretches if found is None for at in part}
    if unread:
        lines = pl.Series("raw", [b"" if at in unread else row for at, row in enumerate(rows)], pl.Binary)
    frame, bare, odd = _exact(frame, lines.cast(pl.String), sources)
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
    except (msgspec.DecodeError, RecursionError):
        return row


def _stretches(
    rows: Sequence[bytes], lines: pl.Series, schema: Mapping[str, type[pl.String]], start: int = 0
) -> Iterator[tuple[range, pl.DataFrame | None]]:
    """The rows in stretches that read_ndjson takes whole, and short ones (None) that it does not take."""
    frame = _read_lines(rows, lines, schema)
    if frame is not None or len(rows) <= SMALLEST:
        yield range(start, start + len(rows)), frame
        return
    size = -(-len(rows) // PARTS)
    for at in range(0, len(rows), size):
        yield from _stretches(rows[at : at + size], lines[at : at + size], schema, start + at)


def _read_lines(
    rows: Sequence[bytes], lines: pl.Series, schema: Mapping[str, type[pl.String]]
) -> pl.DataFrame | None:
    if lines.bin.contains(b"\n").any():
        return None
    try:
        frame = pl.read_ndjson(b"\n".join(rows), schema=schema)
    except pl.exceptions.PolarsError:  # which row it was, and why, is found out row by row
        return None
    return frame if frame.height == len(rows) else None


def _exact(
    frame: pl.DataFrame, raw: pl.Series, cares: Mapping[str, Care]
) -> tuple[pl.DataFrame, dict[str, pl.Series], list[int]]:
    """The frame with numbers as the raw rows have them, those numbers, and the rows to look at singly."""
    odd = _odd(frame, raw)
    rows = raw.to_frame("raw")
    names = [name for name, care in _cares(raw, cares).items() if _has_number(frame[name], care)]
    bare = rows.select(
        pl.col("raw").str.extract(BARE.format(re.escape(name))).replace("", None).alias(name)
        for name in names
    )
    for name in names:
        odd |= _altered(bare[name], frame[name])
    frame = frame.with_columns(bare[name].fill_null(frame[name]) for name in names)
    return frame, {name: bare[name] for name in names}, odd.arg_true().to_list()


def _cares(raw: pl.Series, cares: Mapping[str, Care]) -> Mapping[str, Care]:
    """What is asked of the columns; their numbers' form, wherever a 64-bit float could change a value."""
    if not all(care == "form" for care in cares.values()) and raw.str.contains(WILD).any():
        return dict.fromkeys(cares, "form")
    return cares


def _has_number(column: pl.Series, care: Care) -> bool:
    """Whether a column may hold bare numbers that have to be read as they were written."""
    if care == "value" or (care == "fraction" and not column.str.contains(".", literal=True).any()):
        return False
    if column.cast(pl.Float64, strict=False).null_count() == len(column):
        return False  # the same, in half the time
    return bool(column.str.contains(NUMERIC).any())


def _odd(frame: pl.DataFrame, raw: pl.Series) -> pl.Series:
    """The rows that read_ndjson may have read otherwise than `read_json` does."""
    odd = raw.str.count_matches("{", literal=True) > 1  # nested, or text with a brace
    escaped = raw.str.contains("\\", literal=True)
    if escaped.any():
        odd |= escaped & raw.str.contains(f"{SURROGATE}|{ESCAPED_NAME}")
    if raw.str.contains("[", literal=True).any():
        odd |= frame.select(
            pl.any_horizontal(pl.all().str.starts_with("[").fill_null(value=False))
        ).to_series()
    return odd


def _altered(bare: pl.Series, found: pl.Series) -> pl.Series:
    """Where a bare number stands for this name but read_ndjson found something else."""
    differs = bare.is_not_null() & bare.ne_missing(found)
    if not differs.any():
        return differs
    same = bare.cast(pl.Float64, strict=False) == found.cast(pl.Float64, strict=False)
    return differs & ~same.fill_null(value=False)


def _empty(rows: int, schema: Mapping[str, type[pl.String]]) -> pl.DataFrame:
    return pl.DataFrame({name: pl.Series(name, [None] * rows, dtype=pl.String) for name in schema})
