"""The floor: PostgreSQL takes the same rows as text, by COPY, without an index."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import msgspec
import psycopg


def copy_seconds(database: str, pages: Path) -> float:
    """Seconds for COPY of all rows into a table of one text column, 50,000 rows a transaction."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE TABLE floor (data text)")
        began = time.perf_counter()
        for block in _blocks(pages):
            with connection.transaction(), connection.cursor().copy("COPY floor FROM STDIN") as copy:
                copy.write(block)
        took = time.perf_counter() - began
        connection.execute("DROP TABLE floor")
    return round(took, 2)


def _blocks(pages: Path) -> Iterator[bytes]:
    offsets = json.loads((pages / "first.json").read_text())["offsets"]
    decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
    rows = msgspec.json.Decoder(list[msgspec.Raw])
    with (pages / "first.pages").open("rb") as content:
        block: list[bytes] = []
        for start, end in pairwise(offsets):
            content.seek(start)
            found = rows.decode(decoder.decode(content.read(end - start))["items"])
            block.extend(bytes(row).replace(b"\\", b"\\\\") for row in found)
            if len(block) >= 50_000:
                yield b"\n".join(block) + b"\n"
                block = []
        if block:
            yield b"\n".join(block) + b"\n"
