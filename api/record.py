"""One record by its key: from the cache, from the mirror, or by asking the far end."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from api.errors import Refusal, request_id
from api.params import Query
from api.preferences import wait_for_job, wanted_wait
from api.record_answers import age_headers, asked_headers, entry_of, iso, serve
from api.record_as_of import answer_record_as_of
from sync import cache, metrics, schema
from sync.detained import detained
from sync.freshness import Requested, State, Verdict, judge, request_if_due
from sync.keys import key_hash, parse_key
from sync.lookup import Lookup, look_up
from sync.models import Job
from sync.registry import Registered

WAIT_ON_MISS = 10  # seconds, of entities that declare on_miss="wait"
COME_BACK = 2  # seconds: a refresh is one question to the far end


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked, and what is known of it so far."""

    request: Request
    registered: Registered
    key: Mapping[str, str]
    key_hash: uuid.UUID
    known: Lookup
    verdict: Verdict

    def again(self) -> Asked:
        """The same question, with what is known now."""
        known = look_up(self.registered, self.key_hash)
        return replace(self, known=known, verdict=_judge(self.registered, known))


def answer_record(request: Request, registered: Registered, text: str) -> HttpResponse:
    """200, 202, 304, 404 or 410; raises InvalidRequest for a key that does not fit."""
    query = Query(request, known=("as_of",))
    if query.present(("as_of",)):
        return answer_record_as_of(request, registered, text, query)
    key = parse_key(registered, text)
    number = key_hash(registered, key)
    entity_id = schema.entity_id(registered.path)
    entry = cache.records.get(entity_id, number)
    if entry is not None and datetime.now(UTC) < entry.fresh_until:
        metrics.cache_hits.inc()
        return serve(request, entry)
    metrics.cache_misses.inc()
    generation = cache.records.generation
    known = look_up(registered, number)
    asked = Asked(
        request=request,
        registered=registered,
        key=key,
        key_hash=number,
        known=known,
        verdict=_judge(registered, known),
    )
    if asked.verdict.due:
        return _ask_far_end(asked)
    if asked.verdict.state is State.FRESH and known.found is not None:
        entry = entry_of(registered, known.found, asked.verdict)
        cache.records.put(entity_id, number, entry, generation)
        return serve(request, entry)
    return _answer(asked, None)


def _ask_far_end(asked: Asked) -> HttpResponse:
    """Start or join the refresh; wait for it where the client or the entity wants that."""
    if asked.verdict.state is State.UNKNOWN:
        _refuse_detained(asked, younger_only=True)
    client = str(asked.request.user)
    requested = request_if_due(
        asked.registered,
        asked.key,
        asked.key_hash,
        due=lambda: asked.again().verdict.due,
        by=client,
        request_id=request_id(asked.request),
    )
    if requested is None:  # somebody's refresh landed between our look and our asking
        again = asked.again()
        return _ask_far_end(again) if again.verdict.due else _answer(again, None)
    seconds = wanted_wait(asked.request)
    on_miss = asked.registered.entity.on_miss == "wait" and asked.verdict.state is State.UNKNOWN
    job, applied = wait_for_job(requested.job_id, seconds or (WAIT_ON_MISS if on_miss else 0))
    if job is not None:
        asked = asked.again()
        if asked.verdict.state is State.UNKNOWN:
            _refuse_detained(asked)
            _refuse_failed(job)
    response = _answer(asked, requested)
    if seconds:
        response["Preference-Applied"] = applied
    return response


def _answer(asked: Asked, requested: Requested | None) -> HttpResponse:
    found, verdict = asked.known.found, asked.verdict
    headers = {**age_headers(verdict.as_of, verdict.fresh_until), **asked_headers(requested)}
    if verdict.state is State.UNKNOWN:
        assert requested is not None
        return accepted(requested, "It is not here yet: the far end is being asked.")
    if verdict.state is State.ABSENT or found is None:
        detail = {"checked_at": iso(verdict.as_of)} if verdict.as_of else None
        message = "The far end has no such record."
        raise Refusal(404, "no_such_record", message, detail=detail, headers=headers)
    if verdict.state is State.DELETED:
        assert found.deleted_at is not None
        removal: dict[str, Any] = {"deleted_at": iso(found.deleted_at), "revision": found.revision}
        raise Refusal(410, "deleted", "The far end has deleted it.", detail=removal, headers=headers)
    return serve(asked.request, entry_of(asked.registered, found, verdict), requested)


def accepted(requested: Requested, message: str) -> HttpResponse:
    """202: the job that will know, and when to come back."""
    location = f"/api/v1/jobs/{requested.job_id}"
    body = {
        "status": "accepted",
        "message": message,
        "job_id": str(requested.job_id),
        "location": location,
        "retry_after": COME_BACK,
    }
    headers = {"Location": location, "Retry-After": str(COME_BACK), **asked_headers(requested)}
    return JsonResponse(body, status=202, headers=headers)


def _refuse_detained(asked: Asked, *, younger_only: bool = False) -> None:
    """404 where the row came but failed, waits or was discarded; an older one is worth asking for again."""
    held = detained(asked.registered, asked.key_hash)
    if held is None:
        return
    younger = held.seen_at + asked.registered.entity.freshness > datetime.now(UTC)
    if not younger and (younger_only or held.why == "discarded"):
        return
    name = "pending_child" if held.why == "waiting_for_parent" else "failed_record"
    detail = {name: str(held.id), "seen_at": iso(held.seen_at)}
    raise Refusal(404, held.why, f"It came, but is not served. {held.message}", detail=detail)


def _refuse_failed(job: Job) -> None:
    if job.status == Job.Status.SUCCESS:
        return
    detail = {"job_id": str(job.id), "error_code": job.error_code, "error": job.error}
    message = "The far end could not be asked. The job has its words; it can be run again."
    headers = {"Retry-After": str(COME_BACK), "Location": f"/api/v1/jobs/{job.id}"}
    raise Refusal(503, "refresh_failed", message, detail=detail, headers=headers)


def _judge(registered: Registered, known: Lookup) -> Verdict:
    return judge(known, registered.entity.freshness, datetime.now(UTC))
