"""What people do with failed records: look, mend, run again, discard. One set of functions for every door."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any, Protocol

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from psycopg.errors import UniqueViolation

from sync import audit, grouping
from sync.audit import Actor
from sync.errors import Conflict, InvalidRequest, NotFound
from sync.jobs.enqueue import behind, enqueue
from sync.jobs.priorities import INTERACTIVE
from sync.mapping.in_force import as_read
from sync.mend_names import refuse_unread
from sync.mend_values import refuse_unstorable
from sync.models import ErrorGroup, FailedRecord, Job
from sync.registry import Registered, registry


def retry(failed_id: uuid.UUID, *, by: Actor, reason: str | None = None) -> Job:
    """Run an open failed record again from the stage that refused it; the job that will. Raises NotFound, Conflict."""
    with transaction.atomic():
        failed = _open(failed_id)
        job = _replay([failed], by)
        _note("failed_record.retry", failed, by, reason=reason, after={"job": str(job.id)})
    return job


def retry_many(failed_ids: list[uuid.UUID], *, by: Actor, reason: str | None = None) -> list[Job]:
    """One job an entity for many failed records; those no longer open are passed over."""
    with transaction.atomic():
        found = FailedRecord.objects.select_for_update().filter(
            id__in=failed_ids, state=FailedRecord.State.OPEN
        )
        by_entity: dict[int, list[FailedRecord]] = {}
        for failed in found.order_by("id"):
            by_entity.setdefault(failed.entity_id, []).append(failed)
        jobs = []
        for group in by_entity.values():
            jobs.append(_replay(group, by))
            for failed in group:
                _note("failed_record.retry", failed, by, reason=reason, after={"job": str(jobs[-1].id)})
        return jobs


def mend(
    failed_id: uuid.UUID, data: Mapping[str, Any], *, by: Actor, reason: str | None = None
) -> FailedRecord:
    """Lay these values over the input of the failed stage; the record stays open until a retry lands it.

    Names are the far end's columns where the row failed in normalize, ours later on: those of `input_of`.
    Raises NotFound, Conflict, InvalidRequest.
    """
    if not isinstance(data, Mapping) or not data:
        raise InvalidRequest("`data` must be an object of the values to change.", code="bad_mend")
    refuse_unstorable(dict(data))
    with transaction.atomic():
        failed = _open(failed_id)
        before, shown = failed.mended or {}, input_of(failed) or {}
        # Only what differs is kept: every other value goes through the pipeline with the bytes it came with.
        changed = {str(name): _exact(value) for name, value in data.items()}
        refuse_unread(as_read(entity_of(failed)), changed, None if enters_normalized(failed) else shown)
        changed = {name: value for name, value in changed.items() if shown.get(name, ...) != value}
        failed.mended = {**before, **changed}
        failed.save(update_fields=["mended"])
        _note("failed_record.mend", failed, by, reason=reason, before=before or None, after=failed.mended)
    return failed


def discard(failed_id: uuid.UUID, *, by: Actor, reason: str | None = None) -> FailedRecord:
    """Close a failed record: its row is not wanted. Raises NotFound, Conflict.

    It stays closed until the far end sends other bytes, or the declaration or mapping changes.
    """
    with transaction.atomic():
        failed = _open(failed_id)
        failed.state = FailedRecord.State.DISCARDED
        failed.closed_at, failed.closed_by, failed.remark = timezone.now(), by.name, reason
        failed.next_try_at = None
        failed.save(update_fields=["state", "closed_at", "closed_by", "remark", "next_try_at"])
        with connection.cursor() as cursor:
            grouping.close(cursor, [failed.fingerprint])
        _note(
            "failed_record.discard",
            failed,
            by,
            reason=reason,
            before={"state": "open"},
            after={"state": failed.state},
        )
    return failed


def reopen(failed_id: uuid.UUID, *, by: Actor, reason: str | None = None) -> FailedRecord:
    """Take a discard back. One whose values are kept no longer fails anew when the far end sends it again.

    Raises NotFound, Conflict.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        failed = _locked(failed_id)
        if failed.state != FailedRecord.State.DISCARDED:
            raise Conflict(f"This failed record is {failed.state}: only a discarded one can be reopened.")
        if failed.raw:
            _open_again(cursor, failed)
        else:
            failed.read_under = None
            failed.save()
        told = {"state": failed.state}
        _note("failed_record.reopen", failed, by, reason=reason, before={"state": "discarded"}, after=told)
    return failed


def _open_again(cursor: Any, failed: FailedRecord) -> None:
    failed.state = FailedRecord.State.OPEN
    failed.closed_at = failed.closed_by = failed.remark = None
    try:
        with transaction.atomic():
            failed.save()
    except IntegrityError as error:
        if not isinstance(error.__cause__, UniqueViolation):
            raise
        # Not looked for before: a batch may open one of the same key at any moment.
        raise Conflict(
            "Its row failed again since, and that failed record is open: mend or retry that one."
        ) from error
    seen = grouping.Sighting(
        fingerprint=failed.fingerprint,
        stage=failed.stage,
        code=failed.code,
        field=failed.field,
        message=failed.message,
    )
    grouping.see(cursor, ErrorGroup.Kind.RECORD, failed.entity_id, [seen])


class Refused(Protocol):
    """What of a failed record tells where, and with what, it runs again."""

    @property
    def stage(self) -> str: ...
    @property
    def raw(self) -> bytes | memoryview[int]: ...
    @property
    def normalized(self) -> Any: ...
    @property
    def mended(self) -> Any: ...
    @property
    def mapping(self) -> int: ...


def input_of(failed: Refused) -> dict[str, Any] | None:
    """What the failed stage was given, mended where somebody mended it; None where the row is no JSON object.

    The far end's columns where the row could not be read, our fields later on. Numbers are texts, with the
    digits they came with.
    """
    given = dict(failed.normalized or {}) if enters_normalized(failed) else raw_object(bytes(failed.raw))
    return given if failed.mended is None else {**(given or {}), **failed.mended}


def enters_normalized(failed: Refused) -> bool:
    """Whether the row was read: it then runs again from validation on, with our fields."""
    return failed.stage not in {"fetch", "normalize"} and failed.normalized is not None


def runs_normalized(failed: Refused, mapping: int) -> bool:
    """Whether it runs again from validation on: what another mapping read is read anew, unless it was mended."""
    return enters_normalized(failed) and (failed.mapping == mapping or bool(failed.mended))


def raw_object(raw: bytes) -> dict[str, Any] | None:
    """The row as received, as an object; numbers as texts; None where it is none."""
    try:
        value = json.loads(raw, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def entity_of(failed: FailedRecord) -> Registered:
    """The declared entity of a failed record. Raises UnknownEntity where it is declared no more."""
    return registry.find(failed.entity.path)


def _replay(group: list[FailedRecord], by: Actor) -> Job:
    ids = [str(failed.id) for failed in group]
    dedup = behind(f"replay:{ids[0]}") if len(ids) == 1 else None
    return enqueue(
        "replay",
        entity=entity_of(group[0]),
        params={"failed": ids, "by": by.name},
        priority=INTERACTIVE,
        dedup=dedup,
        requested_by=by.name,
        request_id=by.request_id,
    ).job


def _locked(failed_id: uuid.UUID) -> FailedRecord:
    failed = FailedRecord.objects.select_for_update(of=("self",)).filter(id=failed_id).first()
    if failed is None:
        raise NotFound(f"There is no failed record {failed_id}.")
    return failed


def _open(failed_id: uuid.UUID) -> FailedRecord:
    failed = _locked(failed_id)
    if failed.state != FailedRecord.State.OPEN:
        raise Conflict(
            f"This failed record is {failed.state}: only an open one can be mended, retried or discarded."
        )
    return failed


def _exact(value: Any) -> Any:
    # A number typed by a person is kept as text, so that no digit is lost on its way through the pipeline.
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        return value
    return str(value)


def _note(act: str, failed: FailedRecord, by: Actor, **facts: Any) -> None:
    audit.record(act, "failed_record", str(failed.id), by=by, **facts)
