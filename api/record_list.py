"""A list of an entity's records: filtered, by change, page by page."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime

from django.http import HttpResponse
from rest_framework.request import Request

from api import list_cache
from api.errors import request_id
from api.list_cache import Rows
from api.params import Query
from api.preferences import wait_for_job, wanted_wait
from api.record_answers import age_headers, answer_bytes, asked_headers, record_json
from api.record_as_of import answer_list_as_of
from sync import records, schema
from sync.errors import InvalidRequest
from sync.freshness import Requested, Verdict, judge_list, request_list_sync
from sync.models import Tracker
from sync.records import Listing
from sync.registry import Registered

PAGING = ("updated_since", "limit", "after", "include_deleted", "as_of")
_NUMBER = re.compile(r"-?[0-9]{1,1000}(\.[0-9]{1,1000})?")


def answer_list(request: Request, registered: Registered) -> HttpResponse:
    """200 or 304 at once, whatever its age; a stale or empty list starts one incremental sync."""
    query = Query(request, known=(*registered.entity.filters, *PAGING))
    query.limit()  # refused before anything is started
    if query.present(("as_of",)):
        return answer_list_as_of(request, registered, query, _filters(registered, query))
    tracker, rows, verdict = _look(registered, query)
    requested, applied = _ask_far_end(request, registered, verdict, empty=rows.empty)
    just_synced = verdict.due and requested is None
    if just_synced or (applied and applied != "wait=0"):
        tracker, rows, verdict = _look(registered, query)
    headers = {
        "ETag": _etag(request, tracker),
        "Cache-Control": "private, no-cache",
        **age_headers(verdict.as_of, verdict.fresh_until),
        **asked_headers(requested),
    }
    if applied:
        headers["Preference-Applied"] = applied
    return answer_bytes(request, rows.body, headers)


def _look(registered: Registered, query: Query) -> tuple[Tracker, Rows, Verdict]:
    # The tracker first: a commit in between makes the rows newer than the ETag says, never older.
    tracker = records.tracker(registered)
    rows = list_cache.get_or_make(tracker, query.canonical(), lambda: _rows(registered, query))
    # Someone who asks for changes only is used to getting none; the end of a list is no empty list.
    empty = rows.empty and not query.text("after") and not query.text("updated_since")
    return tracker, rows, _judge(registered, tracker, empty=empty)


def _judge(registered: Registered, tracker: Tracker, *, empty: bool) -> Verdict:
    return judge_list(
        tracker.fresh_to, empty=empty, freshness=registered.entity.freshness, now=datetime.now(UTC)
    )


def _rows(registered: Registered, query: Query) -> Rows:
    listing = records.page(
        registered,
        filters=_filters(registered, query),
        updated_since=query.moment("updated_since"),
        after=query.text("after"),
        limit=query.limit(),
        include_deleted=query.flag("include_deleted"),
    )
    return Rows(body=_body(registered, listing), empty=not listing.items)


def _filters(registered: Registered, query: Query) -> dict[str, str]:
    wanted = query.present(registered.entity.filters)
    for name, value in wanted.items():
        if schema.is_numeric(registered, name) and not _NUMBER.fullmatch(value):
            raise InvalidRequest(f"{name} is {value[:100]!r}: write a number.", code="bad_parameter")
    return wanted


def _ask_far_end(
    request: Request, registered: Registered, verdict: Verdict, *, empty: bool
) -> tuple[Requested | None, str]:
    """Start or join the sync; nothing where somebody's has ended between our look and our asking."""
    if not verdict.due:
        return None, ""
    requested = request_list_sync(
        registered,
        due=lambda: _judge(registered, records.tracker(registered), empty=empty).due,
        by=str(request.user),
        request_id=request_id(request),
    )
    if requested is None:
        return None, ""
    _, applied = wait_for_job(requested.job_id, wanted_wait(request))
    return requested, applied


def _etag(request: Request, tracker: Tracker) -> str:
    """The feed's number rises with every change of the entity, so the rows need not be looked at."""
    asked = zlib.crc32(request.META.get("QUERY_STRING", "").encode())
    return f'W/"{tracker.pk}-{tracker.feed_seq}-{asked:08x}"'


def _body(registered: Registered, listing: Listing) -> bytes:
    items = ",".join(record_json(registered, found) for found in listing.items)
    after = "null" if listing.next is None else f'"{listing.next}"'
    return f'{{"items":[{items}],"next":{after}}}'.encode()
