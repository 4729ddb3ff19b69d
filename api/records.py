"""GET /api/v1/{entity}[/{key}[/history|/lineage]], also with the system before it, for every declared entity."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from api.paths import locate
from api.record import answer_record
from api.record_history import answer_history
from api.record_lineage import answer_lineage
from api.record_list import answer_list
from api.request_metrics import name_route
from api.scopes import READ


class RecordsView(APIView):
    """One route for all entities, found in the registry; the schema lists each by its own address."""

    scopes: ClassVar = {"GET": READ}
    schema = None

    def get(self, request: Request, rest: str) -> HttpResponse:
        """A record, its history or lineage, or a list of records."""
        place = locate(request._request)
        name_route(request._request, place.endpoint)
        if place.key is None:
            return answer_list(request, place.registered)
        answering = {"history": answer_history, "lineage": answer_lineage}.get(
            place.part or "", answer_record
        )
        return answering(request, place.registered, place.key)
