"""Rows for tests, a function per noun; what a test does not name has a plain value."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group, Permission, User

from sync import schema
from sync.ids import first_uuid7, uuid7
from sync.keys import key_hash
from sync.models import (
    Attempt,
    AuditEntry,
    Backfill,
    BackfillDay,
    BackfillWindow,
    Batch,
    Command,
    DeleteProposal,
    Delivery,
    Effect,
    ErrorGroup,
    Exchange,
    FailedRecord,
    Inbound,
    Job,
    JobEvent,
    Mapping,
    PendingChild,
    Record,
    RecordVersion,
    Schedule,
    SourceColumn,
    Tracker,
    Worker,
)
from sync.registry import registry

ENTITY = "shop.gadgets"


def now() -> datetime:
    """This moment, UTC."""
    return datetime.now(UTC)


def viewer(name: str = "vera") -> User:
    """Somebody who may look at every page."""
    user = User.objects.create_user(name, password="pass", is_staff=True)
    user.groups.add(Group.objects.get(name="Viewers"))
    return user


def operator(name: str = "olga") -> User:
    """Somebody who may act too."""
    user = User.objects.create_user(name, password="pass", is_staff=True)
    user.groups.add(Group.objects.get(name="Operators"))
    return user


def administrator(name: str = "anna") -> User:
    """Somebody who may do everything."""
    return User.objects.create_superuser(name, password="pass")


def stranger(name: str = "sven", *permissions: str) -> User:
    """Somebody of the staff with just these permissions (codenames)."""
    user = User.objects.create_user(name, password="pass", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    return user


def job(entity: str | None = ENTITY, **columns: Any) -> Job:
    """A pending sync, as a row only: nothing will run it."""
    plain: dict[str, Any] = {"kind": "sync", "requested_by": "test"}
    return Job.objects.create(entity_id=schema.entity_id(entity) if entity else None, **{**plain, **columns})


def worker(name: str = "vm:7:a") -> Worker:
    """A worker process that was heard of just now."""
    return Worker.objects.create(
        name=name, host="vm", pid=7, version="0.1", queues=["sync"], started_at=now(), heard_at=now()
    )


def dead_job(entity: str | None = ENTITY, **columns: Any) -> Job:
    """A job that is out of tries."""
    plain = {
        "status": Job.Status.FAILED,
        "attempts": 4,
        "error_code": "far_end_unavailable",
        "error": "The far end answered 500: out of order.",
        "started_at": now() - timedelta(minutes=2),
        "finished_at": now(),
    }
    return job(entity, **{**plain, **columns})


def attempt(of: Job, no: int = 1, **columns: Any) -> Attempt:
    """A run of a job."""
    plain = {"fence": no, "worker": "test:1", "started_at": now()}
    return Attempt.objects.create(job=of, no=no, **{**plain, **columns})


def exchange(of: Job, attempt: int = 1, **columns: Any) -> Exchange:
    """A request of a job's attempt that was refused."""
    plain = {
        "at": now(),
        "system": "shop",
        "method": "POST",
        "address": "http://shop.test/things",
        "params": {"page": "0"},
        "status": 400,
        "ms": 12,
        "sent_headers": {"Accept": "application/json", "Authorization": "***"},
        "sent": '{"name": "Lamp"}',
        "headers": {"Content-Type": "application/json"},
        "body": '{"error": "no such lamp"}',
        "size": 25,
    }
    return Exchange.objects.create(job=of, attempt=attempt, **{**plain, **columns})


def event(of: Job, name: str, **facts: Any) -> JobEvent:
    """A line of a job's log."""
    return JobEvent.objects.create(job=of, name=name, facts=facts)


def batch(of: Job, seq: int = 1, **columns: Any) -> Batch:
    """A committed batch of ten inserted rows."""
    plain: dict[str, Any] = {
        "entity_id": of.entity_id,
        "resume": {"first": seq, "last": seq, "next": None},
        "counts": {"rows_fetched": 10, "inserted": 10},
        "stage_ms": {"fetch": 1200, "ingest": 310},
        "fingerprint": uuid.UUID(int=1),
        "committed_at": now(),
    }
    return Batch.objects.create(job=of, seq=seq, **{**plain, **columns})


def failed_record(entity: str = ENTITY, **columns: Any) -> FailedRecord:
    """A row that validate refused because its name is too long."""
    error = {
        "stage": "validate",
        "code": "too_long",
        "field": "name",
        "message": "name is too long.",
        "value": "x" * 41,
    }
    row = {"id": 7, "name": "x" * 41, "price": 1.10}
    plain: dict[str, Any] = {
        "raw_hash": uuid.uuid4(),
        "synced_at": now(),
        "batch_id": 1,
        "row_no": 0,
        "mapping": 0,
        "stage": "validate",
        "code": "too_long",
        "field": "name",
        "message": "name is too long.",
        "errors": [error],
        "fingerprint": uuid.UUID(int=2),
        "raw": b'{"id":7,"name":"' + b"x" * 41 + b'","price":1.10}',
        "normalized": {name: str(value) for name, value in row.items()},
        "first_seen_at": now(),
        "last_seen_at": now(),
    }
    return FailedRecord.objects.create(entity_id=schema.entity_id(entity), **{**plain, **columns})


def backfill(entity: str = ENTITY, **columns: Any) -> Backfill:
    """Keys 1 to 100 in four windows, one of them done, one under way."""
    plain: dict[str, Any] = {
        "by": "key",
        "low": "1",
        "high": "101",
        "step": "25",
        "workers": 2,
        "page_size": 10,
        "rows_per_day": 50,
        "rows_expected": 100,
        "requested_by": "olga",
    }
    made = Backfill.objects.create(entity_id=schema.entity_id(entity), **{**plain, **columns})
    for no, state in enumerate(("done", "running", "open", "open"), start=1):
        low = 1 + 25 * (no - 1)
        window = BackfillWindow(backfill=made, no=no, low=str(low), high=str(low + 25), state=state)
        if state == "done":
            window.rows, window.counts = 25, {"rows_fetched": 25, "inserted": 25}
            window.started_at, window.finished_at = now() - timedelta(seconds=5), now()
        window.save()
    BackfillDay.objects.create(backfill=made, day=now().date(), rows=25)
    return made


def delete_proposal(entity: str = ENTITY, **columns: Any) -> DeleteProposal:
    """30 of 100 gadgets that a full read did not see."""
    plain: dict[str, Any] = {
        "job_id": uuid7(),
        "state": "proposed",
        "count": 30,
        "live_rows": 100,
        "share": 0.3,
        "sample": ["1", "2", "3"],
        "read_began_at": now(),
        "until": now() + timedelta(days=30),
    }
    return DeleteProposal.objects.create(entity_id=schema.entity_id(entity), **{**plain, **columns})


def pending_child(entity: str = ENTITY, parent: str = "shop.makers", **columns: Any) -> PendingChild:
    """A gadget that waits for its maker 9."""
    data = {"id": 7, "name": "Lamp", "maker": 9}
    parent_key = key_hash(registry.find(parent), {"id": "9"})
    plain: dict[str, Any] = {
        "key_hash": key_hash(registry.find(entity), {"id": "7"}),
        "parent_entity_id": schema.entity_id(parent),
        "parent_key_hash": parent_key,
        "version": 0,
        "synced_at": now(),
        "raw_hash": uuid.uuid4(),
        "data_hash": b"\0" * 32,
        "data": data,
        "mapping": 0,
        "batch_id": 1,
        "row_no": 0,
        "next_try_at": now() + timedelta(minutes=5),
        "created_at": now(),
    }
    return PendingChild.objects.create(entity_id=schema.entity_id(entity), **{**plain, **columns})


def record(entity: str = ENTITY, data: dict[str, Any] | None = None, **columns: Any) -> Record:
    """A mirrored row; its key is read from the data. The tracker's count of live rows follows."""
    registered = registry.find(entity)
    served = {"id": 1, "name": "Lamp", "price": "1.1"} if data is None else data
    plain: dict[str, Any] = {
        "key_hash": key_hash(registered, {name: str(served[name]) for name in registered.entity.key}),
        "raw_hash": uuid.uuid4(),
        "version": 0,
        "synced_at": now(),
        "changed_at": now(),
        "batch_id": 1,
        "row_no": 0,
        "revision": 1,
        "mapping": 0,
        "data_hash": hashlib.sha256(json.dumps(served).encode()).digest(),
        "data": served,
    }
    row = Record.objects.create(entity_id=schema.entity_id(entity), **{**plain, **columns})
    if row.deleted_at is None:
        tracker = Tracker.objects.get(entity_id=row.entity_id)
        tracker.live_rows += 1
        tracker.save(update_fields=["live_rows"])
    return row


def record_version(of: Record, revision: int, data: dict[str, Any], **columns: Any) -> RecordVersion:
    """A version that a newer one took the place of."""
    plain: dict[str, Any] = {
        "raw_hash": uuid.uuid4(),
        "version": 0,
        "valid_from": now() - timedelta(days=2),
        "valid_to": now() - timedelta(days=1),
        "batch_id": 1,
        "row_no": 0,
        "mapping": 0,
        "deleted": False,
        "data_hash": b"\0" * 32,
    }
    own = {"entity_id": of.entity_id, "key_hash": of.key_hash, "revision": revision, "data": data}
    return RecordVersion.objects.create(**{**plain, **own, **columns})


def schedule(name: str = "test", entity: str | None = ENTITY, **columns: Any) -> Schedule:
    """Every quarter of an hour."""
    plain: dict[str, Any] = {"kind": "sync", "every": timedelta(minutes=15)}
    number = schema.entity_id(entity) if entity else None
    return Schedule.objects.create(name=name, entity_id=number, **{**plain, **columns})


def source_column(entity: str = ENTITY, **columns: Any) -> SourceColumn:
    """A column of gadgets that came in the night."""
    plain: dict[str, Any] = {"name": "colour", "state": "new", "types": ["string"], "changed_at": now()}
    plain |= {"first_seen": now(), "last_seen": now()}
    return SourceColumn.objects.create(entity_id=schema.entity_id(entity), **{**plain, **columns})


def audit_entry(**columns: Any) -> AuditEntry:
    """An act of a person."""
    plain = {
        "actor": "olga",
        "door": "admin",
        "act": "job.retry",
        "object_type": "job",
        "object_id": str(uuid7()),
    }
    return AuditEntry.objects.create(**{**plain, **columns})


def error_group(entity: str | None = ENTITY, **columns: Any) -> ErrorGroup:
    """The group of `failed_record`, unless told otherwise."""
    plain: dict[str, Any] = {
        "fingerprint": uuid.uuid4(),
        "kind": ErrorGroup.Kind.RECORD,
        "stage": "validate",
        "code": "too_long",
        "field": "name",
        "message": "name is too long.",
        "first_seen_at": now() - timedelta(hours=1),
        "last_seen_at": now(),
    }
    number = schema.entity_id(entity) if entity else None
    return ErrorGroup.objects.create(entity_id=number, **{**plain, **columns})


def mapping(entity: str = ENTITY, **columns: Any) -> Mapping:
    """A draft that gives each gadget an origin."""
    entity_id = schema.entity_id(entity)
    plain: dict[str, Any] = {
        "no": Mapping.objects.filter(entity_id=entity_id).count() + 1,
        "rules": {"computed": {"origin": {"constant": "shop"}}},
        "made_by": "olga",
        "created_at": now(),
    }
    return Mapping.objects.create(entity_id=entity_id, **{**plain, **columns})


def delivery(entity: str = ENTITY, **columns: Any) -> Delivery:
    """What a target refused."""
    plain: dict[str, Any] = {
        "target": "schedulehub",
        "key_hash": uuid7(),
        "op": "u",
        "state": Delivery.State.REFUSED,
        "code": "LOCKED",
        "remote_id": "17",
        "answer": {"status": 409, "code": "LOCKED", "message": "items 17 is being edited by a planner."},
        "changed_at": now(),
    }
    return Delivery.objects.create(entity_id=schema.entity_id(entity), **{**plain, **columns})


def command(state: str = "intended", **columns: Any) -> Command:
    """A command as rows only, with the first line of its ledger; nothing will run it."""
    number = uuid7()
    plain: dict[str, Any] = {
        "id": number,
        "job": columns.pop("job", None) or job(None, kind="command"),
        "kind": "shop.mail",
        "client": "carol",
        "request_hash": b"x" * 32,
        "answer": {},
        "effect_key": str(number),
        "payload": {"to": "Ann", "text": "hello"},
        "state": state,
        "created_at": now(),
        "changed_at": now(),
    }
    made = Command.objects.create(**{**plain, **columns})
    Effect.objects.create(
        command=made, no=1, state="intended", fence=0, exchange={"step": "asked", "by": "carol"}, at=now()
    )
    return made


def inbound(entity: str = ENTITY, *, ago: timedelta = timedelta(0), **columns: Any) -> Inbound:
    """A webhook that brought one gadget, worked off unless told otherwise."""
    came = now() - ago
    number = first_uuid7(came.timestamp()) if ago else uuid7()
    plain: dict[str, Any] = {
        "id": uuid.UUID(int=number.int | uuid.uuid4().int & 0xFFFF),
        "door": f"webhooks/{entity.replace('.', '/')}",
        "delivery_id": f"d-{uuid.uuid4()}",
        "state": Inbound.State.DONE,
        "sent_at": came,
        "received_at": came,
        "told": {"rows": 1, "keys": 0, "deletes": 0},
        "result": {"updated": 1},
    }
    return Inbound.objects.create(entity_id=schema.entity_id(entity), **{**plain, **columns})
