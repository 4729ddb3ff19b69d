"""The life of mappings: drafted, edited, rehearsed, switched on, retired. One set of acts for every door."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from sync import audit, schema
from sync.audit import Actor
from sync.errors import Conflict, InvalidRequest
from sync.jobs.enqueue import enqueue
from sync.jobs.priorities import COMMAND
from sync.mapping.in_force import find
from sync.mapping.rehearsed import rehearsals
from sync.mapping.rules import checked
from sync.members import Members
from sync.models import Job, Mapping
from sync.queries import query
from sync.registry import Registered, registry

MOST_NUMBER = 32_767
State = Mapping.State


def draft(registered: Registered, rules: Any, *, by: Actor, reason: str | None = None) -> Mapping:
    """A new version with these rules, in force for nothing yet. Raises InvalidRequest (bad_rules)."""
    told = checked(registered, rules)
    with transaction.atomic():
        entity_id = schema.entity_id(registered.path)
        _lock(entity_id)
        last = Mapping.objects.filter(entity_id=entity_id).aggregate(last=Max("no"))["last"] or 0
        if last >= MOST_NUMBER:
            raise Conflict(f"{registered.path} has {last} mappings: edit a draft in place of a new one.")
        mapping = Mapping.objects.create(
            entity_id=entity_id, no=last + 1, rules=told, made_by=by.name, created_at=timezone.now()
        )
        _note("draft", mapping, by, reason, after={"no": mapping.no, "rules": told})
    return mapping


def edit(mapping_id: int, rules: Any, *, by: Actor, reason: str | None = None) -> Mapping:
    """Other rules for a draft. Raises NotFound, Conflict, InvalidRequest (bad_rules)."""
    told = checked(entity_of(find(mapping_id)), rules)
    with transaction.atomic():
        mapping = _locked(mapping_id, State.DRAFT)
        before = mapping.rules
        mapping.rules = told
        mapping.save(update_fields=["rules"])
        _note("edit", mapping, by, reason, before={"rules": before}, after={"rules": told})
    return mapping


def rehearse(mapping_id: int, *, by: Actor, sample: int | None = None, reason: str | None = None) -> Job:
    """The job that tries the version on stored rows and writes nothing; its result says what would change.

    `sample` bounds the records, and the failed records, that are looked at. Raises NotFound, InvalidRequest.
    """
    if sample is not None and sample < 1:
        raise InvalidRequest(
            "sample is a number of rows above 0; leave it out for all.", code="bad_parameter"
        )
    with transaction.atomic():
        mapping = find(mapping_id)
        given = {"mapping": mapping.pk, "no": mapping.no, **({"sample": sample} if sample else {})}
        job = _job("rehearse", mapping, given, by)
        _note("rehearse", mapping, by, reason, after={"job": str(job.pk)})
    return job


def activate(mapping_id: int, *, by: Actor, reason: str | None = None) -> Mapping:
    """Switch a draft on, or a retired one again; the one before it retires.

    Records stay as they are until they are read or remapped.

    Raises NotFound, Conflict, InvalidRequest (bad_rules) where the rules fit the declaration no more.
    """
    with transaction.atomic():
        mapping = _locked(mapping_id, State.DRAFT, State.RETIRED)
        checked(entity_of(mapping), mapping.rules)
        active = Mapping.objects.filter(entity_id=mapping.entity_id, state=State.ACTIVE)
        before = active.values_list("no", flat=True).first() or 0
        active.update(state=State.RETIRED)
        _become(mapping, State.ACTIVE)
        _note("activate", mapping, by, reason, before={"in_force": before}, after={"in_force": mapping.no})
    return mapping


def retire(mapping_id: int, *, by: Actor, reason: str | None = None) -> Mapping:
    """Switch a version off, or give a draft up; the declaration alone is then in force.

    Raises NotFound, Conflict.
    """
    with transaction.atomic():
        mapping = _locked(mapping_id, State.DRAFT, State.ACTIVE)
        before = mapping.state
        _become(mapping, State.RETIRED)
        _note("retire", mapping, by, reason, before={"state": before}, after={"state": mapping.state})
    return mapping


def remap(registered: Registered, *, by: Actor, reason: str | None = None) -> Job:
    """The job that makes the entity's records anew from their stored rows, with the mapping in force."""
    with transaction.atomic():
        job = enqueue(
            "remap",
            entity=registered,
            priority=COMMAND,
            dedup=f"remap:{registered.path}",
            requested_by=by.name,
            request_id=by.request_id,
        ).job
        audit.record(
            "mapping.remap", "entity", registered.path, by=by, reason=reason, after={"job": str(job.pk)}
        )
    return job


def replay(registered: Registered, *, by: Actor, reason: str | None = None) -> Job | None:
    """The job that runs all open failed records of the entity again, with the mapping in force; None without any."""
    members = Members(entity=registered.path)
    with transaction.atomic():
        if not members.rows().exists():
            return None
        job = enqueue(
            "replay",
            entity=registered,
            params={"where": members.told(), "by": by.name},
            priority=COMMAND,
            requested_by=by.name,
            request_id=by.request_id,
        ).job
        told = {"job": str(job.pk)}
        audit.record("mapping.replay", "entity", registered.path, by=by, reason=reason, after=told)
    return job


def entity_of(mapping: Mapping) -> Registered:
    """The declared entity of a mapping. Raises UnknownEntity where it is declared no more."""
    return registry.find(mapping.entity.path)


def newest_rehearsal(mapping: Mapping) -> Job | None:
    """The last rehearsal of a mapping that was asked for."""
    return rehearsals(mapping).order_by("-id").first()


def _job(kind: str, mapping: Mapping, params: dict[str, Any], by: Actor) -> Job:
    return enqueue(
        kind,
        entity=entity_of(mapping),
        params=params,
        priority=COMMAND,
        requested_by=by.name,
        request_id=by.request_id,
    ).job


def _lock(entity_id: int) -> None:
    # Batches under way hold it shared: none of them commits what another mapping made after this one is on.
    with connection.cursor() as cursor:
        cursor.execute(query("change_mapping"), {"entity_id": entity_id})


def _locked(mapping_id: int, *allowed: str) -> Mapping:
    _lock(find(mapping_id).entity_id)
    mapping = find(mapping_id)
    if mapping.state not in allowed:
        states = " or ".join(f"a{'n' if state == State.ACTIVE else ''} {state} one" for state in allowed)
        raise Conflict(f"Mapping {mapping.no} is {mapping.state}: this is for {states}; draft a new version.")
    return mapping


def _become(mapping: Mapping, state: str) -> None:
    mapping.state = state
    mapping.save(update_fields=["state"])


def _note(act: str, mapping: Mapping, by: Actor, reason: str | None, **facts: Any) -> None:
    audit.record(f"mapping.{act}", "mapping", str(mapping.pk), by=by, reason=reason, **facts)
