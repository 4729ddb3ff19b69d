"""GET /api/v1/{entity}/{key}/history: a record's versions, newest first."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from api.listing import PAGING
from api.params import Query
from api.record_answers import JSON, iso
from sync.errors import InvalidRequest, NotFound
from sync.history.versions import NEWEST, Difference, Step, steps
from sync.keys import key_hash, key_text, parse_key
from sync.registry import Registered


def answer_history(request: Request, registered: Registered, text: str) -> HttpResponse:
    """A page of versions. Raises NotFound for a key that the mirror does not have; asks no far end."""
    query = Query(request, known=PAGING)
    key = parse_key(registered, text)
    below = _below(query.text("after"))
    found, after = steps(registered, key_hash(registered, key), below=below, limit=query.limit())
    if not found and below == NEWEST:
        raise NotFound(
            f"The mirror has no version of {key_text(registered, key)}: read the record itself first."
        )
    items = ",".join(_item(step) for step in found)
    following = "null" if after is None else f'"{after}"'
    head = json.dumps(key_text(registered, key))
    body = f'{{"key":{head},"items":[{items}],"next":{following}}}'
    return HttpResponse(body, content_type=JSON, headers={"Cache-Control": "private, no-cache"})


def _below(after: str | None) -> int:
    if after is None:
        return NEWEST
    if not (after.isascii() and after.isdigit() and len(after) < 10):
        message = "`after` is not a cursor of this list: pass `next` of the page before."
        raise InvalidRequest(message, code="bad_cursor")
    return int(after)


def _item(step: Step) -> str:
    version = step.version
    told: dict[str, Any] = {
        "revision": version.revision,
        "valid_from": iso(version.valid_from),
        "valid_to": None if version.valid_to is None else iso(version.valid_to),
        "synced_at": None if version.synced_at is None else iso(version.synced_at),
        "deleted": version.deleted,
        "mapping": version.mapping,
    }
    changes = "null" if step.changes is None else f"[{','.join(map(_change, step.changes))}]"
    # The data is taken as it is stored, so that no digit changes.
    return f'{json.dumps(told)[:-1]},"changes":{changes},"data":{version.data}}}'


def _change(difference: Difference) -> str:
    name = json.dumps(difference.field)
    return f'{{"field":{name},"old":{difference.old or "null"},"new":{difference.new or "null"}}}'
