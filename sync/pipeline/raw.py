"""The bytes of a batch's rows, kept as one compressed blob; a row's place in it is its lineage."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any

import zstandard

from sync.queries import query

_LEVEL = 1  # faster ones save no time on JSON rows, and take a quarter more space


def pack(rows: Sequence[bytes]) -> bytes:
    """Rows as one compressed blob: their number, their lengths, their bytes; no row's bytes are changed."""
    head = struct.pack(f"<I{len(rows)}I", len(rows), *map(len, rows))
    return zstandard.compress(b"".join((head, *rows)), _LEVEL)


def unpack(blob: bytes) -> list[bytes]:
    """The rows of a blob."""
    content = zstandard.decompress(blob)
    (number,) = struct.unpack_from("<I", content)
    lengths = struct.unpack_from(f"<{number}I", content, 4)
    rows, start = [], 4 + 4 * number
    for length in lengths:
        rows.append(content[start : start + length])
        start += length
    return rows


def kept_row(cursor: Any, batch_id: int, row_no: int) -> bytes | None:
    """The bytes of one row as received; None where they are kept no longer."""
    cursor.execute(query("kept_rows"), {"batch_id": batch_id})
    found = cursor.fetchone()
    rows = unpack(bytes(found[0])) if found else []
    return rows[row_no] if row_no < len(rows) else None


def kept_rows(cursor: Any, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """The bytes of rows by batch and place, as far as they are kept; each batch's blob is opened once."""
    wanted: dict[int, list[int]] = {}
    for batch_id, row_no in places:
        wanted.setdefault(batch_id, []).append(row_no)
    found: dict[tuple[int, int], bytes] = {}
    for batch_id, numbers in wanted.items():
        cursor.execute(query("kept_rows"), {"batch_id": batch_id})
        blob = cursor.fetchone()
        rows = unpack(bytes(blob[0])) if blob else []
        found |= {(batch_id, number): rows[number] for number in numbers if number < len(rows)}
    return found
