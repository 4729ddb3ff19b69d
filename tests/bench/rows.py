"""Rows for the benchmark: AdventureWorks' customers multiplied, 17 columns, about 400 bytes, a few of them dirty."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

from bridge.sandbox.data import read

PAGE = 1_000
DIRTY = 0.001  # share of rows that have to be set aside
STATES = ("active", "on hold", "closed ", "new\r\n")
DATES = ("{y}-{m:02}-{d:02}", "{m}/{d}/{y}")


def write_pages(folder: Path, rows: int, *, changed: float, seed: int = 7) -> None:
    """Write `first`, `second` (the same with `changed` of the rows changed) and `one` (a single row that changed).

    Of each its pages, and where they begin.
    """
    folder.mkdir(parents=True, exist_ok=True)
    reads = {
        "first": pages_of(rows, seed=seed),
        "second": pages_of(rows, changed, seed),
        "one": iter([_one(rows // 2, seed)]),
    }
    for name, bodies in reads.items():
        offsets = [0]
        with (folder / f"{name}.pages").open("wb") as pages:
            for page in bodies:
                offsets.append(offsets[-1] + pages.write(page))
            pages.flush()
            os.fsync(pages.fileno())  # else the disk is still busy with them while the first load runs
        (folder / f"{name}.json").write_text(json.dumps({"rows": rows, "offsets": offsets}))


def pages_of(rows: int, changed: float = 0.0, seed: int = 7) -> Iterator[bytes]:
    """The bodies of the pages, in order."""
    names = _names()
    for start in range(0, rows, PAGE):
        chance = random.Random(seed + start)
        change = random.Random(seed * 31 + start)
        page = [
            _row(number, names, chance, 2 if change.random() < changed else 1)
            for number in range(start, min(start + PAGE, rows))
        ]
        body = b",".join(page)
        yield (
            b'{"items":['
            + body
            + b'],"total":%d,"hasMore":%s}' % (rows, b"true" if start + PAGE < rows else b"false")
        )


def _one(number: int, seed: int) -> bytes:
    row = _row(number, _names(), random.Random(seed), 3)
    return b'{"items":[%s],"total":1,"hasMore":false}' % row


def _names() -> list[str]:
    return [str(json.loads(row["Name"])) for row in read("adventureworks/store")]


def _row(number: int, names: list[str], chance: random.Random, version: int) -> bytes:
    name = names[number % len(names)]
    day = chance.randrange(3_000)
    date = chance.choice(DATES).format(y=2018 + day % 7, m=1 + day % 12, d=1 + day % 28)
    amount = f"{chance.randrange(10**7) / 100:.2f}"
    bad = version < 3 and chance.random() < DIRTY
    row = {
        "ID": number,
        "ACCOUNT": f"AW{number:08}",
        "NAME": f" {name} " if number % 9 == 0 else name,
        "EMAIL": f"Customer{number}@Example.com",
        "PHONE": f"555-{number % 10_000:04}",
        "STATE": chance.choice(STATES),
        "TERRITORY": chance.randrange(10),
        "CREDIT": "unlimited" if bad else _amount(number, amount),
        "BALANCE": float(amount) if number % 3 else _amount(number + 1, amount),
        "DISCOUNT": round(chance.random() * 0.3, 2),
        "ORDERS": chance.randrange(500) + version,
        "OPENED": date,
        "CLOSED": None if number % 4 else date,
        "STREET": f"{chance.randrange(999)} Rue de l'Église, étage {number % 12}",
        "CITY": "Zürich" if number % 5 == 0 else "Springfield",
        "NOTE": f"Customer since {2018 + day % 7}; prefers calls in the morning and invoices on paper, v{version}",
        "CHANGED": f"2026-0{version}-01T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z",
    }
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()


def _amount(number: int, amount: str) -> str:
    if number % 7 == 0:
        return f"€ {amount}"
    return f"{float(amount):,.2f}" if number % 5 == 0 else amount
