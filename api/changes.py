"""GET /api/v1/changes: the feed of everything that was added, updated or deleted."""

from __future__ import annotations

import json
from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from api.errors import Refusal
from api.listing import failures, paging_parameters
from api.params import Query
from api.record_answers import JSON, iso
from api.scopes import READ
from sync.history import feed
from sync.history.feed import Change, CursorExpired
from sync.registry import Registered, registry
from sync.schema import ready

CHANGE = inline_serializer(
    "Change",
    {
        "entity": serializers.CharField(),
        "seq": serializers.IntegerField(help_text="Rises by one per change within its entity."),
        "op": serializers.ChoiceField(choices=list(feed.OPS.values())),
        "key": serializers.CharField(allow_null=True, help_text="As in the URL."),
        "key_hash": serializers.CharField(),
        "revision": serializers.IntegerField(),
        "at": serializers.DateTimeField(),
        "data": serializers.JSONField(
            required=False, help_text="With include=data: of that revision; null where it is kept no longer."
        ),
    },
    many=True,
)
CHANGES = inline_serializer(
    "Changes",
    {
        "items": CHANGE,
        "next": serializers.CharField(help_text="Keep it: pass it as `after` next time, now or in a week."),
        "more": serializers.BooleanField(help_text="More is there already."),
    },
)


class ChangesView(APIView):
    """The feed."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="changes_list",
        tags=["changes"],
        summary="What was added, updated or deleted, in the order of commits within each entity",
        parameters=paging_parameters(
            OpenApiParameter(
                "entity", str, description="One, or several with commas between; all by default."
            ),
            OpenApiParameter(
                "include", str, enum=["data"], description="Each record's data at that revision."
            ),
            OpenApiParameter(
                "from",
                str,
                enum=["start", "now"],
                description="Without `after`: the oldest kept change, or the end.",
            ),
        ),
        responses={
            200: CHANGES,
            410: OpenApiResponse(
                description="cursor_expired: read the lists again, then begin with from=now."
            ),
            **failures(400, 404),
        },
    )
    def get(self, request: Request) -> HttpResponse:
        """The changes after a cursor. Refuses a cursor older than what is kept with 410."""
        query = Query(request, known=("entity", "include", "from", "limit", "after"))
        of = _entities(query.text("entity"))
        with_data = query.choice("include", ("data",)) is not None
        begin = query.choice("from", ("start", "now"))
        after, limit = query.text("after"), query.limit()
        position = feed.start(of, now=begin == "now") if after is None else feed.position_of(after)
        try:
            found, reached, more = feed.read(of, position, limit=limit, with_data=with_data)
        except CursorExpired as error:
            raise Refusal(410, error.code, error.message) from error
        items = ",".join(_item(change, with_data=with_data) for change in found)
        body = f'{{"items":[{items}],"next":"{feed.cursor(reached)}","more":{json.dumps(more)}}}'
        return HttpResponse(body, content_type=JSON, headers={"Cache-Control": "private, no-cache"})


def _entities(names: str | None) -> list[Registered]:
    if names is None:
        return [registered for registered in registry if ready(registered.path)]
    return list({r.path: r for r in (registry.find(name.strip()) for name in names.split(","))}.values())


def _item(change: Change, *, with_data: bool) -> str:
    told = {
        "entity": change.entity,
        "seq": change.seq,
        "op": change.op,
        "key": change.key,
        "key_hash": change.key_hash.hex,
        "revision": change.revision,
        "at": iso(change.at),
    }
    text = json.dumps(told)
    return f'{text[:-1]},"data":{change.data or "null"}}}' if with_data else text
