"""GET /api/v1/{entity}[/{key}] and /api/v1/{system}/{entity}[/{key}], for every declared entity."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from api.paths import locate
from api.record import answer_record
from api.record_list import answer_list
from api.request_metrics import name_route
from api.scopes import READ


class RecordsView(APIView):
    """One route for all entities, found in the registry; the schema lists each by its own address."""

    scopes: ClassVar = {"GET": READ}
    schema = None

    def get(self, request: Request, rest: str) -> HttpResponse:
        """A record, or a list of them."""
        place = locate(request._request)
        name_route(request._request, place.endpoint)
        if place.key is None:
            return answer_list(request, place.registered)
        return answer_record(request, place.registered, place.key)
