"""The bytes and headers of records: finished text is joined, never parsed and written again."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from django.http import HttpResponse
from django.utils.http import http_date, parse_etags
from rest_framework.request import Request

from sync.cache import Entry
from sync.freshness import Requested, Verdict
from sync.keys import key_text
from sync.records import Found
from sync.registry import Registered

JSON = "application/json"


def entry_of(registered: Registered, found: Found, verdict: Verdict) -> Entry:
    """The finished answer of a record."""
    assert verdict.as_of is not None
    assert verdict.fresh_until is not None
    return Entry(
        body=record_json(registered, found).encode(),
        etag=f'W/"{found.key_hash.hex[:16]}-{found.revision}"',
        changed_at=found.changed_at,
        as_of=verdict.as_of,
        fresh_until=verdict.fresh_until,
    )


def record_json(registered: Registered, found: Found) -> str:
    """A record as the API shows it. Its data is taken as it is stored, so that no digit changes."""
    key = json.dumps(key_text(registered, json.loads(found.data)))
    deleted = "null" if found.deleted_at is None else f'"{iso(found.deleted_at)}"'
    return (
        f'{{"key":{key},"revision":{found.revision},"mapping":{found.mapping},"synced_at":"{iso(found.synced_at)}",'
        f'"changed_at":"{iso(found.changed_at)}","deleted_at":{deleted},"data":{found.data}}}'
    )


def serve(request: Request, entry: Entry, requested: Requested | None = None) -> HttpResponse:
    """200 with the record, or 304 where the client has this revision."""
    headers = {
        "ETag": entry.etag,
        "Last-Modified": http_date(entry.changed_at.timestamp()),
        "Cache-Control": "private, no-cache",
        **age_headers(entry.as_of, entry.fresh_until),
        **asked_headers(requested),
    }
    return answer_bytes(request, entry.body, headers)


def answer_bytes(request: Request, body: bytes, headers: dict[str, str]) -> HttpResponse:
    """The body, or 304 where `If-None-Match` has its ETag."""
    if matches(request, headers["ETag"]):
        response = HttpResponse(status=304, headers=headers)
        del response["Content-Type"]
        return response
    return HttpResponse(body, content_type=JSON, headers=headers)


def matches(request: Request, etag: str) -> bool:
    """Whether the client has it; weak comparison, as RFC 9110 wants for If-None-Match."""
    sent = request.META.get("HTTP_IF_NONE_MATCH")
    if not sent:
        return False
    bare = etag.removeprefix("W/")
    return any(tag in {"*", bare} for tag in (tag.removeprefix("W/") for tag in parse_etags(sent)))


def age_headers(as_of: datetime | None, fresh_until: datetime | None) -> dict[str, str]:
    """How old the answer is, and until when that is good enough."""
    headers = {}
    if as_of is not None:
        headers["Age"] = str(max(0, int((datetime.now(UTC) - as_of).total_seconds())))
        headers["X-Synced-At"] = iso(as_of)
    if fresh_until is not None:
        headers["X-Fresh-Until"] = iso(fresh_until)
    return headers


def asked_headers(requested: Requested | None) -> dict[str, str]:
    """Whether the far end is asked: `true` where this request started it, `pending` where another did."""
    if requested is None:
        return {}
    return {
        "X-Sync-Triggered": "true" if requested.created else "pending",
        "X-Sync-Job": str(requested.job_id),
    }


def iso(moment: datetime) -> str:
    """A moment in UTC, always at one width."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
