"""What has to be done at a target for some records: create, update, delete, wait or nothing. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from blake3 import blake3
from django.db import connection

from sync import schema
from sync.declare import Parent, Push
from sync.errors import ConfigError
from sync.keys import key_hash
from sync.queries import query
from sync.registry import Registered, registry
from sync.targets import MARKS, Op
from sync.targets.rest import wire_id

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
UNKNOWN = frozenset({"sent", "unknown"})
"""States in which nobody knows what the target has."""
_Untouched = Literal["in_sync", "refused"]  # why nothing is done for a row


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One row's part of a plan."""

    key_hash: UUID
    op: Op
    revision: int
    batch_id: int
    digest: bytes  # of the payload
    attempts: int = 0  # so far
    remote_id: str | None = None
    body: bytes = b"{}"
    doubtful: bool = False  # sent before, without an answer: look before it is sent again
    wait: str | None = None  # why it is not sent now
    until: datetime | None = None
    missing: tuple[int, UUID] | None = None  # the parent it waits for

    def at(self, remote_id: str | None) -> Step:
        """The same for a row that the target turned out to have under this id, or not to have."""
        op: Op = "d" if self.op == "d" else "u" if remote_id is not None else "c"
        return replace(self, op=op, remote_id=remote_id)


@dataclass(kw_only=True, slots=True)
class Plan:
    """What has to be done for a chunk of records."""

    steps: list[Step] = field(default_factory=list)
    unchanged: list[UUID] = field(default_factory=list)  # the target has them as they are
    refused: list[UUID] = field(
        default_factory=list
    )  # it refused just this, and has not been asked to think again

    @property
    def ready(self) -> list[Step]:
        """What is sent now."""
        return [step for step in self.steps if step.wait is None]


def plan(registered: Registered, push: Push, keys: Sequence[UUID]) -> Plan:
    """The plan for the records of these keys, as they are now in the mirror."""
    statement = query("rows_to_push", **schema.names(registered.path))
    with connection.cursor() as cursor:
        cursor.execute(statement, {"target": push.target, "keys": list(keys)})
        rows = cursor.fetchall()
    made = planned(registered, push, rows)
    made.unchanged += sorted({*keys} - {row[0] for row in rows})
    return made


def planned(registered: Registered, push: Push, rows: Sequence[Sequence[Any]]) -> Plan:
    """The plan for rows such as `rows_to_push` gives, whether the mirror has them or not."""
    made = Plan()
    values = [_fields.decode(row[5]) if row[3] is None else {} for row in rows]
    links = _Links(registered, push, [found for found in values if found])
    now = datetime.now(UTC)
    for row, found in zip(rows, values, strict=True):
        step = _upsert(push, row, found, links) if row[3] is None else _delete(push, row, now)
        if isinstance(step, Step):
            made.steps.append(step)
        else:
            (made.refused if step == "refused" else made.unchanged).append(row[0])
    return made


def is_doubtful(state: str | None, status: int | None) -> bool:
    """Whether the target may have a row as it was sent: no answer, or none that says it was not written.

    `status` is that of the last answer.
    """
    if state == "refused":
        return status is None or status in (408, 429) or status >= 500
    return state in UNKNOWN


def _upsert(
    push: Push, row: Sequence[Any], values: Mapping[str, msgspec.Raw], links: _Links
) -> Step | _Untouched:
    key, revision, version, _, batch_id, _, remote_id, sent_hash, acked_hash, state, status, attempts = row
    doubtful = is_doubtful(state, status)
    known: dict[str, Any] = {
        "key_hash": key,
        "revision": revision,
        "batch_id": batch_id,
        "attempts": attempts,
        "op": "u" if remote_id is not None else "c",
        "remote_id": remote_id,
        "doubtful": doubtful,
    }
    ids, missing = links.of(values)
    if missing is not None:
        return Step(**known, digest=b"", wait="parent_missing", missing=missing)
    content = _content(push, values, ids)
    digest = blake3(content).digest()
    if not doubtful and digest == acked_hash and remote_id is not None:
        return "in_sync"
    if state == "refused" and digest == _bytes(sent_hash):
        return "refused"
    marks = (key.hex.encode(), digest.hex().encode(), version)
    body = content[:-1] + (b',"%s":"%s","%s":"%s","%s":%d}' % _interleaved(marks))
    return Step(**known, digest=digest, body=body)


def _delete(push: Push, row: Sequence[Any], now: datetime) -> Step | _Untouched:
    key, revision, _, deleted_at, batch_id, _, remote_id, _, _, state, status, attempts = row
    doubtful = is_doubtful(state, status)
    if remote_id is None and not doubtful:
        return "in_sync"
    until = deleted_at + push.undo
    waits = until > now
    return Step(
        key_hash=key,
        op="d",
        revision=revision,
        batch_id=batch_id,
        digest=b"",
        attempts=attempts,
        remote_id=remote_id,
        doubtful=doubtful,
        wait="undo_window" if waits else None,
        until=until if waits else None,
    )


def _content(push: Push, values: Mapping[str, msgspec.Raw], ids: Mapping[str, bytes]) -> bytes:
    """The payload without its marks: the digits of the mirror, and the target's own ids of the parents."""
    parts = [b'"%s":%s' % (theirs.encode(), number) for theirs, number in ids.items()]
    for theirs, ours in push.fields.items():
        value = bytes(values[ours]) if ours in values else b"null"
        if theirs in push.numbers and value[:1] == b'"':
            value = value[1:-1]
        parts.append(b'"%s":%s' % (theirs.encode(), value))
    return b"{" + b",".join(parts) + b"}"


def _interleaved(marks: tuple[bytes, bytes, int]) -> tuple[Any, ...]:
    return tuple(part for pair in zip((name.encode() for name in MARKS), marks, strict=True) for part in pair)


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


class _Links:
    """The ids that the target gave to the parents of some rows."""

    def __init__(self, registered: Registered, push: Push, rows: Iterable[Mapping[str, msgspec.Raw]]) -> None:
        self._parents = [
            (theirs, parent, registry.parent(registered, parent))
            for theirs, parent in parents_of(registered, push).items()
        ]
        self._ids: dict[tuple[int, UUID], bytes] = {}
        rows = list(rows)
        for _, parent, owner in self._parents:
            number = schema.entity_id(owner.path)
            keys = {key for row in rows if (key := _parent_key(owner, parent, row))}
            self._load(push.target, number, keys)

    def of(self, row: Mapping[str, msgspec.Raw]) -> tuple[dict[str, bytes], tuple[int, UUID] | None]:
        """Its parents' ids by the target's names, as JSON; and the first parent that is not there."""
        ids: dict[str, bytes] = {}
        for theirs, parent, owner in self._parents:
            key = _parent_key(owner, parent, row)
            if key is None:
                ids[theirs] = b"null"
                continue
            place = (schema.entity_id(owner.path), key)
            if place not in self._ids:
                return {}, place
            ids[theirs] = self._ids[place]
        return ids, None

    def _load(self, target: str, number: int, keys: set[UUID]) -> None:
        if not keys:
            return
        given: dict[str, Any] = {"target": target, "entity_id": number, "keys": list(keys)}
        with connection.cursor() as cursor:
            cursor.execute(query("remote_ids"), given)
            self._ids |= {(number, key): wire_id(remote) for key, remote in cursor.fetchall()}


def parents_of(registered: Registered, push: Push) -> dict[str, Parent]:
    """The entity's parents by the target's names. Raises ConfigError (bad_push) for one that is not declared."""
    declared = {parent.entity: parent for parent in registered.entity.parents}
    unknown = sorted(set(push.parents.values()) - set(declared))
    if unknown:
        message = f"{registered.path} is pushed with the parent {unknown[0]!r}, but declares no such parent."
        raise ConfigError(message, code="bad_push")
    return {theirs: declared[name] for theirs, name in push.parents.items()}


def _parent_key(owner: Registered, parent: Parent, row: Mapping[str, msgspec.Raw]) -> UUID | None:
    values = {theirs: msgspec.json.decode(row[ours]) for ours, theirs in parent.by.items() if ours in row}
    if len(values) < len(parent.by) or None in values.values():
        return None
    return key_hash(owner, values)
