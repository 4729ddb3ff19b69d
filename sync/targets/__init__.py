"""What the engine asks of a system that it writes to: rows out with an answer each, and rows found by our key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from uuid import UUID

from sync.declare import Push

Op = Literal["c", "u", "d"]
"""Create, update, delete."""
State = Literal["acked", "refused", "unknown", "waiting"]
MARKS = ("erp_key_hash", "erp_data_hash", "erp_rowversion")
"""What stands on the wire beside the fields: our key, the hash of what was sent, the source's row version."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sending:
    """One row to be written."""

    op: Op
    key_hash: UUID
    remote_id: str | None = None  # its id at the target, where that is known
    body: bytes = b"{}"  # a JSON object, the marks included


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of one row."""

    state: State
    op: Op  # what was done in the end: a create may have found the row there
    remote_id: str | None = None
    code: str | None = None  # the target's own, or http_409
    answer: Mapping[str, Any] = field(default_factory=dict)  # its words, for people
    conflict: bool = False  # it answered 409 on the way
    at_once: bool = False  # to be looked at again without a pause


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A row as the target holds it."""

    key_hash: UUID
    remote_id: str
    data_hash: bytes  # erp_data_hash


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """All rows whose key hash begins with two hex digits: how many, and SHA-256 over their hashes."""

    prefix: str
    rows: int
    digest: str  # of key hash and data hash in hex, one row after the other, by key hash


class Target(Protocol):
    """A far end that is written to. Raises only from sync.errors."""

    def send(self, push: Push, rows: Sequence[Sending]) -> list[Outcome]:
        """Write rows, at most `push.batch` of them; an outcome each, in their order.

        An error says nothing of any of them: they may have been written.
        """
        ...

    def find(self, push: Push, keys: Sequence[UUID]) -> dict[UUID, Held]:
        """Those of these keys that it holds."""
        ...

    def ranges(self, push: Push) -> list[Range]:
        """Its rows in ranges of their key hashes; empty ones may be left out."""
        ...

    def held(self, push: Push, prefix: str) -> list[Held]:
        """Its rows whose key hash begins so."""
        ...

    def check(self) -> None:
        """A cheap question that proves address and credentials; raises otherwise."""
        ...
