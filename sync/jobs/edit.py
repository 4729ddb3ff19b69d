"""Edit and run: the same work with other parameters, as a job of its own; what was tried stays as it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from sync import asked, audit
from sync.audit import Actor
from sync.errors import Conflict, InvalidRequest, NotFound
from sync.jobs import verbs
from sync.jobs.events import note
from sync.models import Job
from sync.redaction import HIDDEN
from sync.registry import registry


def edit(job_id: UUID, params: Mapping[str, Any], *, by: Actor, reason: str | None = None) -> Job:
    """The new job with these parameters, all of them; the old one is resolved or cancelled in the same commit.

    Raises NotFound, Conflict where the old one runs or ended well or the new work is under way already, and
    InvalidRequest where its kind does not read them so.
    """
    with transaction.atomic():
        old = Job.objects.select_related("entity").filter(pk=job_id).first()
        if old is None:
            raise NotFound(f"There is no job {job_id}.")
        registered = None if old.entity is None else registry.find(old.entity.path)
        wanted = asked.params_of(old.kind, registered, params)
        if HIDDEN in json.dumps(wanted):
            raise InvalidRequest(
                f"{HIDDEN} stands for a secret: write the value itself.", code="bad_parameter"
            )
        _end(old, by, reason)
        made = asked.ask(
            old.kind,
            registered,
            wanted,
            priority=old.priority,
            requested_by=by.name,
            request_id=by.request_id,
        )
        if not made.created:
            raise Conflict(f"The same work is under way as job {made.job.pk}: wait for its end.")
        note(old.pk, "edited", by=by.name, job=str(made.job.pk), reason=reason)
        after = {"params": wanted, "job": str(made.job.pk)}
        audit.record(
            "job.edit", "job", str(old.pk), by=by, reason=reason, before={"params": old.params}, after=after
        )
    return made.job


def _end(old: Job, by: Actor, reason: str | None) -> None:
    remark = f"Edited and run anew. {reason or ''}".strip()
    if old.status == Job.Status.PENDING:
        verbs.cancel(old.pk, by=by, reason=remark)
    elif old.status == Job.Status.FAILED:
        if old.resolved_at is None:
            verbs.resolve(old.pk, by=by, remark=remark)
    else:
        raise Conflict(f"The job is {old.status}: only one that failed or waits can be edited.")
