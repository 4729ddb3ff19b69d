"""Asking for a sync: what every door calls (API, admin, shell)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils.dateparse import parse_date, parse_datetime

from sync import audit
from sync.audit import Actor
from sync.errors import InvalidRequest
from sync.fields import Field, Timestamp
from sync.freshness import sync_dedup
from sync.jobs import parked, priorities
from sync.jobs.enqueue import Enqueued, enqueue
from sync.registry import Registered

CLOCKS_DIFFER_BY = timedelta(minutes=5)
PAGES = 100
MOST_PAGES = 1_000
"""Of a dry run or a recording, by default and at most: what a dry run reads it holds until its end."""


def start_sync(
    registered: Registered,
    *,
    since: str | None = None,
    full: bool = False,
    by: Actor,
    reason: str | None = None,
) -> Enqueued:
    """The job that reads the entity; an unfinished one for the same request is joined instead.

    `since` is a moment in ISO 8601 (or a value of the entity's cursor); without it the watermark counts,
    with `full` everything is read. Raises InvalidRequest (bad_since).
    """
    params = asked_params(registered, since=since, full=full)
    with transaction.atomic():
        wanted = enqueue(
            "sync",
            entity=registered,
            params=params,
            priority=priorities.COMMAND,
            dedup=sync_dedup(registered, since=params.get("since"), full=full),
            requested_by=by.name,
            request_id=by.request_id,
        )
        if wanted.created:
            after = {"entity": registered.path, **params}
            audit.record("sync.start", "job", str(wanted.job.id), by=by, reason=reason, after=after)
        else:  # whoever asks again has changed something
            parked.ask_again(wanted.job, by=by, reason=reason)
    return wanted


def start_dry_run(
    registered: Registered,
    *,
    since: str | None = None,
    full: bool = False,
    pages: int | None = None,
    by: Actor,
    reason: str | None = None,
) -> Enqueued:
    """The job whose result tells what such a sync would do, by at most so many pages; it writes nothing else.

    Raises InvalidRequest (bad_since, bad_parameter).
    """
    params = asked_params(registered, since=since, full=full)
    if pages is not None:
        params["pages"] = most_pages(pages)
    with transaction.atomic():
        wanted = enqueue(
            "dry_run",
            entity=registered,
            params=params,
            priority=priorities.COMMAND,
            requested_by=by.name,
            request_id=by.request_id,
        )
        after = {"entity": registered.path, "dry_run": True, **params}
        audit.record("sync.start", "job", str(wanted.job.id), by=by, reason=reason, after=after)
    return wanted


def asked_params(registered: Registered, *, since: str | None, full: bool) -> dict[str, Any]:
    """What a job is told of how far a sync reads. Raises InvalidRequest (bad_since)."""
    if full and since is not None:
        raise InvalidRequest("Ask for `since` or for `full`, not for both.", code="bad_since")
    params: dict[str, Any] = {"full": True} if full else {}
    if since is not None:
        params["since"] = cursor_text(registered, since)
    return params


def most_pages(pages: int) -> int:
    """So many pages, if that is bearable. Raises InvalidRequest (bad_parameter)."""
    if not 1 <= pages <= MOST_PAGES:
        message = f"pages is {pages}: write a whole number from 1 to {MOST_PAGES}."
        raise InvalidRequest(message, code="bad_parameter")
    return pages


def cursor_text(registered: Registered, since: str) -> str:
    """`since` as canonical text of the entity's cursor. Raises InvalidRequest (bad_since)."""
    cursor = registered.entity.cursor
    if cursor is None:
        message = f"{registered.path} has no cursor, every read of it is a full one: leave `since` out."
        raise InvalidRequest(message, code="bad_since")
    field = registered.entity.fields[cursor]
    if field.kind == "integer":
        return _whole(since)
    if field.kind in {"timestamp", "date"}:
        return canonical_moment(field, moment_of("since", since))
    return since.strip()


def moment_of(name: str, text: str) -> datetime:
    """A moment in ISO 8601, UTC without a zone, not in the future. Raises InvalidRequest (bad_since)."""
    value = text.strip()
    try:
        found: datetime | date | None = parse_datetime(value) or parse_date(value)
    except ValueError:
        found = None
    if found is None:
        message = f"{name} is {text[:100]!r}: write a moment such as 2025-12-08T10:30:00Z."
        raise InvalidRequest(message, code="bad_since")
    if not isinstance(found, datetime):
        found = datetime.combine(found, time.min)
    try:
        moment = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except OverflowError:
        raise InvalidRequest(f"{name} is out of the range of dates.", code="bad_since") from None
    if moment > datetime.now(UTC) + CLOCKS_DIFFER_BY:
        raise InvalidRequest(
            f"{name} lies in the future: nothing could have changed since.", code="bad_since"
        )
    return moment


def _whole(since: str) -> str:
    text = since.strip()
    if not text.isascii() or not text.removeprefix("-").isdigit():
        message = f"since is {since[:100]!r}: this entity's cursor is a whole number."
        raise InvalidRequest(message, code="bad_since")
    return str(int(text))


def canonical_moment(field: Field, moment: datetime) -> str:
    """A moment, UTC, as canonical text of a timestamp or date field."""
    if field.kind == "date":
        return f"{moment:%Y-%m-%d}"
    digits = field.fraction if isinstance(field, Timestamp) else 0
    fraction = f".{moment.microsecond:06d}".ljust(10, "0")[: digits + 1] if digits else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"
