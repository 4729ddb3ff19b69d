"""An entity read in memory: fetch, normalize, validate, map and identity, without a database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings

from sync.registry import Registered, registry
from sync.sources import Ask, Page
from sync.testing.far_end import complain
from sync.testing.rows import Failure, Row, only, row_of

if TYPE_CHECKING:
    from sync.pipeline.batch import Batch


@dataclass(frozen=True, kw_only=True)
class Read:
    """What became of the rows that the far end gave."""

    rows: list[Row]  # as they are served, in the far end's order
    failures: list[Failure] = field(default_factory=list)  # rows set aside, each with its first fault
    counts: Mapping[str, int] = field(
        default_factory=dict
    )  # rows_fetched, normalized, validated, mapped, failed
    pages: int = 0
    hashes: list[str] = field(default_factory=list, repr=False)  # of each row's data, hexadecimal
    total: int | None = None  # rows there are, where the far end says so

    def row(self, **values: Any) -> Row:
        """The one row with these values. Raises AssertionError where there is none, or more than one."""
        return only(self.rows, values, "row")

    def failure(self, **values: Any) -> Failure:
        """The one failure with these, such as field="price" or code="required". Raises AssertionError."""
        return only(self.failures, values, "failure")


def read(entity: str, *, since: str | None = None, page_size: int | None = None) -> Read:
    """Read an entity as a sync would: all of it, or since a value of its cursor, as the far end is asked it.

    Raises NotRecorded, and what the client raises.
    """
    registered = registry.find(entity)
    size = page_size or registered.entity.page_size or settings.DEFAULT_BATCH_SIZE
    ask = Ask(since=since, page_size=min(size, settings.MAX_BATCH_SIZE))
    try:
        pages = list(registered.system.client().pages(registered.entity.source, ask))
    finally:
        complain()
    return _worked(registered, pages)


def read_one(entity: str, **key: Any) -> Read:
    """Ask for one record by its key, as a refresh would: `read_one("shop.gadgets", id=7)`; no rows = there is none.

    Raises NotRecorded, and what the client raises.
    """
    registered = registry.find(entity)
    try:
        text = {name: str(value) for name, value in key.items()}
        page = registered.system.client().one(registered.entity.source, text)
    finally:
        complain()
    return _worked(registered, [] if page is None else [page])


def read_rows(entity: str, *rows: Mapping[str, Any] | bytes) -> Read:
    """Work rows that nobody is asked for: dictionaries, or JSON as the far end would write it."""
    raw = [row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode() for row in rows]
    return _worked(registry.find(entity), [Page(rows=raw, asked_at=datetime.now(UTC), next=None)])


def _worked(registered: Registered, pages: Iterable[Page]) -> Read:
    import polars as pl

    from sync.pipeline.batch import Batch
    from sync.pipeline.runner import work

    told = list(pages)
    raw = [row for page in told for row in page.rows]
    frame = pl.select(pl.int_range(len(raw), dtype=pl.UInt32).alias("_row"))
    batch = work(Batch(registered=registered, raw=raw, frame=frame).counting(rows_fetched=len(raw)))
    total = next((page.total for page in told if page.total is not None), None)
    return replace(_told(batch), pages=len(told), total=total)


def _told(batch: Batch) -> Read:
    counts = {"normalized": 0, "validated": 0, "mapped": 0, **batch.counts, "failed": len(batch.aside)}
    failures = [
        Failure.of(fault, batch.raw[aside.row], len(aside.faults))
        for aside in sorted(batch.aside, key=lambda one: one.row)
        for fault in aside.faults[:1]
    ]
    if not batch.frame.height:
        return Read(rows=[], failures=failures, counts=counts)
    frame = batch.frame.sort("_row")
    hashes = [bytes(one).hex() for one in frame["_data_hash"]]
    rows = [row_of(text) for text in frame["_data"]]
    return Read(rows=rows, failures=failures, counts=counts, hashes=hashes)
