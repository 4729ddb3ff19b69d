"""What people do with a group of failures, records or jobs: the same acts for API, admin and shell."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from collections.abc import Mapping as MappingOf
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from sync import audit, bulk
from sync.audit import Actor
from sync.errors import Conflict, InvalidRequest, NotFound
from sync.jobs import verbs
from sync.members import Members
from sync.models import ErrorGroup, FailedRecord, Job, Mapping
from sync.queries import query

MOST_JOBS = 500
"""Failed jobs that one act takes: each is a commit of its own, and somebody waits for all of them."""
CHANGED = ("owner", "remark", "snoozed_until", "fixed_in", "state")
_STATES = ErrorGroup.State


def find(group_id: uuid.UUID) -> ErrorGroup:
    """The group. Raises NotFound."""
    group = ErrorGroup.objects.select_related("entity", "fixed_in").filter(pk=group_id).first()
    if group is None:
        raise NotFound(f"There is no error group {group_id}.")
    return group


def group_of(failed: FailedRecord) -> ErrorGroup | None:
    """The group that a failed record is or was a member of."""
    groups = ErrorGroup.objects.select_related("fixed_in")
    return groups.filter(fingerprint=failed.fingerprint).first()


def counts(groups: Iterable[ErrorGroup]) -> dict[uuid.UUID, int]:
    """How many open members each group has, by its id."""
    by_fingerprint = {group.fingerprint: group.pk for group in groups}
    with connection.cursor() as cursor:
        cursor.execute(query("count_members"), {"fingerprints": list(by_fingerprint)})
        found = dict(cursor.fetchall())
    return {number: found.get(fingerprint, 0) for fingerprint, number in by_fingerprint.items()}


def counted(groups: QuerySet[ErrorGroup]) -> QuerySet[ErrorGroup]:
    """The groups, each with `open_members`: one query whatever their number, from the partial indexes."""
    records = FailedRecord.objects.filter(fingerprint=OuterRef("fingerprint"), state=FailedRecord.State.OPEN)
    jobs = Job.objects.filter(fingerprint=OuterRef("fingerprint"), status=Job.Status.FAILED, resolved_at=None)
    return groups.annotate(open_members=_number(records) + _number(jobs))


def members(group: ErrorGroup) -> Members:
    """The open failed records of a group."""
    return Members(fingerprint=str(group.fingerprint))


def failed_jobs(group: ErrorGroup) -> QuerySet[Job]:
    """The failed jobs of a group that nobody settled."""
    dead = Job.objects.filter(status=Job.Status.FAILED, resolved_at=None)
    return dead.filter(fingerprint=group.fingerprint).order_by("id")


def retry(group_id: uuid.UUID, *, by: Actor, reason: str | None = None) -> list[Job]:
    """Run all its members again: one replay an entity, or its jobs themselves. Raises NotFound, Conflict."""
    group = find(group_id)
    if group.kind == ErrorGroup.Kind.RECORD:
        jobs = bulk.retry(members(group), by=by, reason=reason)
    else:
        jobs = [job for job in failed_jobs(group)[:MOST_JOBS] if _again(job, by, reason)]
    if not jobs:
        raise Conflict("This group has no open member that could be run again.")
    return jobs


def discard(group_id: uuid.UUID, *, by: Actor, reason: str | None = None) -> int:
    """Discard all its members, as `bulk.discard` does (jobs are resolved); how many. Raises NotFound."""
    group = find(group_id)
    if group.kind == ErrorGroup.Kind.RECORD:
        return bulk.discard(members(group), by=by, reason=reason)
    dead = list(failed_jobs(group)[:MOST_JOBS])
    for job in dead:
        verbs.resolve(job.pk, by=by, remark=reason or "discarded with its group")
    return len(dead)


def change(
    group_id: uuid.UUID, changes: MappingOf[str, Any], *, by: Actor, reason: str | None = None
) -> ErrorGroup:
    """Set owner, remark, snoozed_until, fixed_in or state. Raises NotFound, InvalidRequest, Conflict.

    An owner acknowledges an open group. `fixed_in`, the number of a mapping of its entity (InvalidRequest,
    unknown_mapping), resolves it until a new member arrives.
    """
    if not changes or not set(changes) <= set(CHANGED):
        raise InvalidRequest(f"Give what is to change: {', '.join(CHANGED)}.", code="bad_parameter")
    with transaction.atomic():
        group = ErrorGroup.objects.select_for_update(of=("self",)).filter(pk=group_id).first()
        if group is None:
            raise NotFound(f"There is no error group {group_id}.")
        before = {name: _told(getattr(group, name)) for name in CHANGED}
        changes = {**changes, "state": _state(group, changes)}
        if (no := changes.get("fixed_in")) is not None:
            changes["fixed_in"] = _mapping(group, no)
        for name, value in changes.items():
            setattr(group, name, value)
        group.save(update_fields=list(CHANGED))
        told = {name: _told(getattr(group, name)) for name in CHANGED}
        after = {name: value for name, value in told.items() if value != before[name]}
        what = "error_group.change", "error_group", str(group.pk)
        audit.record(*what, by=by, reason=reason, before=before, after=after)
    return find(group_id)


def _number(rows: QuerySet[Any]) -> Coalesce:
    alone = rows.order_by().values("fingerprint").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(alone), Value(0))


def _mapping(group: ErrorGroup, no: int) -> Mapping:
    mappings = (
        Mapping.objects.filter(entity_id=group.entity_id) if group.entity_id else Mapping.objects.none()
    )
    # A number that no smallint holds is the number of none, and PostgreSQL would refuse the question.
    if found := mappings.filter(no=no).first() if 0 < no < 2**15 else None:
        return found
    of = group.entity.path if group.entity else "A group without an entity"
    there = ", ".join(str(one) for one in mappings.order_by("-no").values_list("no", flat=True)[:20])
    told = f"{of} has no mapping {no}: {f'it has {there}' if there else 'it has none; draft one first'}."
    raise InvalidRequest(told, code="unknown_mapping")


def _state(group: ErrorGroup, changes: MappingOf[str, Any]) -> str:
    if group.state == _STATES.CLOSED:
        if changes.get("state", group.state) != group.state:
            raise Conflict("This group is closed: it opens by itself when a new member arrives.")
        return group.state
    if wanted := changes.get("state"):
        if wanted not in {_STATES.OPEN, _STATES.ACKNOWLEDGED, _STATES.RESOLVED}:
            message = "A person sets open, acknowledged or resolved; a group closes by itself."
            raise InvalidRequest(message, code="bad_parameter")
        return str(wanted)
    if changes.get("fixed_in") is not None:
        return _STATES.RESOLVED
    return _STATES.ACKNOWLEDGED if changes.get("owner") and group.state == _STATES.OPEN else group.state


def _again(job: Job, by: Actor, reason: str | None) -> bool:
    try:
        verbs.retry(job.pk, by=by, reason=reason)
    except Conflict:
        return False  # somebody was faster, or a twin is under way
    return True


def _told(value: Any) -> Any:
    if isinstance(value, Mapping):
        return value.no
    return value if value is None or isinstance(value, str) else value.isoformat()
