"""`?as_of=`: a record, or a list of them, as the mirror held it at a moment."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from django.http import HttpResponse
from rest_framework.request import Request

from api.errors import Refusal
from api.params import Query
from api.record_answers import answer_bytes, iso
from sync.errors import InvalidRequest
from sync.history.as_of import NotKept, Then, oldest_kept, page_as_of, record_as_of
from sync.keys import key_hash, key_text, parse_key
from sync.registry import Registered


def answer_record_as_of(request: Request, registered: Registered, text: str, query: Query) -> HttpResponse:
    """200, 304, 404 or 410; asks no far end."""
    moment = moment_asked(query)
    number = key_hash(registered, parse_key(registered, text))
    then = record_as_of(registered, number, moment)
    if then is None:
        oldest = oldest_kept(registered, number)
        if oldest is not None and oldest[0] > 1:
            words = f"Versions of it before {iso(oldest[1])} are kept no longer."
            raise Refusal(410, "not_kept", words, detail={"kept_from": iso(oldest[1])})
        detail = {"known_from": iso(oldest[1])} if oldest else None
        raise Refusal(404, "not_yet_known", "The mirror had no such record at that moment.", detail=detail)
    if then.deleted_at is not None:
        removal = {"deleted_at": iso(then.deleted_at), "revision": then.revision}
        raise Refusal(410, "deleted", "It was deleted at that moment.", detail=removal)
    return _answer(request, then_json(registered, then))


def answer_list_as_of(
    request: Request, registered: Registered, query: Query, filters: dict[str, str]
) -> HttpResponse:
    """200 or 304, by key; asks no far end."""
    if query.text("updated_since"):
        raise InvalidRequest("Ask for `as_of` or for `updated_since`, not for both.", code="bad_parameter")
    found, not_kept, after = page_as_of(
        registered,
        moment_asked(query),
        filters=filters,
        after=query.text("after"),
        limit=query.limit(),
        include_deleted=query.flag("include_deleted"),
    )
    items = ",".join(then_json(registered, then) for then in found)
    following = "null" if after is None else f'"{after}"'
    told = ",".join(_not_kept_json(registered, then) for then in not_kept)
    return _answer(request, f'{{"items":[{items}],"not_kept":[{told}],"next":{following}}}')


def moment_asked(query: Query) -> datetime:
    """The moment of `as_of`. Raises InvalidRequest (bad_parameter)."""
    try:
        moment = query.moment("as_of")
    except InvalidRequest:
        moment = None
    if moment is None:
        message = "as_of is a moment that has passed, such as 2025-12-08T10:30:00Z."
        raise InvalidRequest(message, code="bad_parameter")
    return moment


def then_json(registered: Registered, then: Then) -> str:
    """A record as the API shows it, with the end of the time for which it stood."""
    key = json.dumps(key_text(registered, json.loads(then.data)))
    moments = {
        "synced_at": then.synced_at,
        "changed_at": then.changed_at,
        "deleted_at": then.deleted_at,
        "valid_to": then.valid_to,
    }
    told = ",".join(f'"{name}":{_moment(moment)}' for name, moment in moments.items())
    return f'{{"key":{key},"revision":{then.revision},"mapping":{then.mapping},{told},"data":{then.data}}}'


def _not_kept_json(registered: Registered, then: NotKept) -> str:
    key = key_text(registered, json.loads(then.data))
    return json.dumps({"key": key, "kept_from": iso(then.kept_from)})


def _moment(moment: datetime | None) -> str:
    return "null" if moment is None else f'"{iso(moment)}"'


def _answer(request: Request, text: str) -> HttpResponse:
    body = text.encode()
    etag = f'W/"{hashlib.blake2s(body, digest_size=12).hexdigest()}"'
    return answer_bytes(request, body, {"ETag": etag, "Cache-Control": "private, no-cache"})
