"""GET /api/v1/{entity}/{key}/lineage: where each value of a record came from."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from api.params import Query
from api.record_answers import JSON, iso
from sync.errors import InvalidRequest, NotFound
from sync.history.lineage import Lineage, lineage
from sync.keys import key_hash, key_text, parse_key
from sync.models import FailedRecord
from sync.registry import Registered


def answer_lineage(request: Request, registered: Registered, text: str) -> HttpResponse:
    """The lineage of a version, the current one by default. Raises NotFound; asks no far end."""
    query = Query(request, known=("revision",))
    key = parse_key(registered, text)
    revision = _revision(query.text("revision"))
    found = lineage(registered, key_hash(registered, key), revision)
    if found is None:
        wanted = "version" if revision is None else f"revision {revision}"
        raise NotFound(
            f"The mirror has no {wanted} of {key_text(registered, key)}; `history` lists what is kept."
        )
    told = {"entity": registered.path, "key": key_text(registered, key), **_told(found)}
    # The data is taken as it is stored, so that no digit changes.
    body = f'{json.dumps(told)[:-1]},"data":{found.origin.data}}}'
    return HttpResponse(body, content_type=JSON, headers={"Cache-Control": "private, no-cache"})


def _revision(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidRequest(f"revision is {text[:50]!r}: write a whole number.", code="bad_parameter")
    return int(text)


def _told(found: Lineage) -> dict[str, Any]:
    origin, stages = found.origin, found.stages
    return {
        "revision": origin.revision,
        "valid_from": iso(origin.valid_from),
        "valid_to": None if origin.valid_to is None else iso(origin.valid_to),
        "deleted": origin.deleted,
        "source_version": origin.version,
        "mapping": origin.mapping,
        "job": _job(found),
        "batch": _batch(found),
        "row_no": origin.row_no,
        "hashes": {
            "key": origin.key_hash.hex,
            "raw": origin.raw_hash.hex,
            "data": origin.data_hash.hex(),
            "raw_matches": found.same_bytes,
            "data_matches": found.same_data,
        },
        "raw": None if found.raw is None else found.raw.decode("utf-8", "backslashreplace"),
        "normalized": None if stages is None else stages.normalized,
        "mapped": None if stages is None else stages.mapped,
        "refused": [] if stages is None else list(stages.refused),
        "failures": [_failure(failed) for failed in found.failures],
        "fields": [asdict(value) for value in found.values],
    }


def _job(found: Lineage) -> dict[str, Any] | None:
    job = found.job
    if job is None:
        return None if found.batch is None else {"id": str(found.batch.job_id), "kept": False}
    told = {
        "id": str(job.pk),
        "kept": True,
        "kind": job.kind,
        "status": job.status,
        "requested_by": job.requested_by,
    }
    return {**told, "created_at": iso(job.created_at)}


def _batch(found: Lineage) -> dict[str, Any] | None:
    batch = found.batch
    if batch is None:
        return None
    return {
        "id": batch.pk,
        "seq": batch.seq,
        "pages": [batch.resume.get("first"), batch.resume.get("last")],
        "resume": batch.resume,
        "fingerprint": batch.fingerprint.hex,
        "committed_at": iso(batch.committed_at),
    }


def _failure(failed: FailedRecord) -> dict[str, Any]:
    """A row of this key that was refused: by which mapping, and how it ended."""
    return {
        "id": str(failed.pk),
        "state": failed.state,
        "mapping": failed.mapping,
        "stage": failed.stage,
        "code": failed.code,
        "field": failed.field,
        "message": failed.message,
        "mended": bool(failed.mended),
        "batch": failed.batch_id,
        "row_no": failed.row_no,
        "first_seen_at": iso(failed.first_seen_at),
        "closed_at": None if failed.closed_at is None else iso(failed.closed_at),
        "closed_by": failed.closed_by,
    }
