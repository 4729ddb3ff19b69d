"""What targets have of our records: look, and send again."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, OpenApiRequest, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.auth import actor
from api.jobs import shown
from api.listing import PAGING, entity_number, failures, list_of, listed, newest, paging_parameters
from api.params import Query, body, word
from api.scopes import OPERATE, READ
from api.serializers import DeliverySerializer, JobSerializer
from sync.errors import InvalidRequest, NotFound
from sync.models import Delivery
from sync.targets import acts

ID = OpenApiParameter("delivery_id", int, OpenApiParameter.PATH)
MANY = inline_serializer(
    "DeliveriesRetry",
    {
        "target": serializers.CharField(help_text="Such as schedulehub."),
        "entity": serializers.CharField(required=False, help_text="Such as apismith.items; all by default."),
        "code": serializers.CharField(required=False, help_text="Only those with this code."),
        "reason": serializers.CharField(required=False),
    },
)
RETRIED = inline_serializer(
    "DeliveriesRetried",
    {
        "items": inline_serializer(
            "DeliveriesRetriedItem",
            {
                "entity": serializers.CharField(),
                "rows": serializers.IntegerField(),
                "job": serializers.UUIDField(),
            },
            many=True,
        )
    },
)
REASON = inline_serializer("DeliveryRetry", {"reason": serializers.CharField(required=False)})


class DeliveriesView(APIView):
    """The list of deliveries."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="deliveries_list",
        tags=["targets"],
        summary="Records at targets, newest first",
        parameters=paging_parameters(
            OpenApiParameter("target", str, description="Such as schedulehub"),
            OpenApiParameter("entity", str, description="Such as apismith.items"),
            OpenApiParameter("state", str, enum=Delivery.State.values),
            OpenApiParameter("code", str),
        ),
        responses={200: list_of("DeliveryList", DeliverySerializer), **failures(400, 404)},
    )
    def get(self, request: Request) -> Response:
        """A page of deliveries."""
        query = Query(request, known=("target", "entity", "state", "code", *PAGING))
        page, after = newest(_filtered(query), query, identity=int)
        return Response(listed(DeliverySerializer(page, many=True).data, after))


class DeliveryRetryView(APIView):
    """POST …/retry."""

    scopes: ClassVar = {"POST": OPERATE}

    @extend_schema(
        operation_id="deliveries_retry",
        tags=["targets"],
        summary="Send it again",
        parameters=[ID],
        request=OpenApiRequest(REASON),
        responses={202: JobSerializer, **failures(404, 409)},
    )
    def post(self, request: Request, delivery_id: str) -> Response:
        """202 with the job that does it."""
        Query(request, known=())
        data = body(request, known=("reason",))
        if not (delivery_id.isascii() and delivery_id.isdigit() and len(delivery_id) < 19):
            raise NotFound(f"There is no delivery {delivery_id[:100]!r}.")
        job = acts.retry(int(delivery_id), by=actor(request), reason=word(data, "reason"))
        return Response(shown([job])[0], status=202, headers={"Location": f"/api/v1/jobs/{job.id}"})


class DeliveriesRetryView(APIView):
    """POST /api/v1/deliveries/retry."""

    scopes: ClassVar = {"POST": OPERATE}

    @extend_schema(
        operation_id="deliveries_retry_many",
        tags=["targets"],
        summary="Send again all that a target refused or did not answer",
        request=MANY,
        responses={202: RETRIED, **failures(400, 404)},
    )
    def post(self, request: Request) -> Response:
        """202 with the rows and the job of each entity; no entity where there is nothing to send again."""
        Query(request, known=())
        data = body(request, known=("target", "entity", "code", "reason"))
        target = word(data, "target")
        if not target:
            raise InvalidRequest("Name the target, such as schedulehub.", code="bad_parameter")
        code, reason = word(data, "code"), word(data, "reason")
        asked = acts.retry_many(target, word(data, "entity"), code=code, by=actor(request), reason=reason)
        items = [{"entity": path, "rows": rows, "job": job.id} for path, (rows, job) in asked.items()]
        return Response({"items": items}, status=202)


def _filtered(query: Query) -> QuerySet[Delivery]:
    rows = Delivery.objects.select_related("entity")
    given: dict[str, Any] = {name: query.text(name) for name in ("target", "state", "code")}
    if given["state"] is not None and given["state"] not in Delivery.State.values:
        states = ", ".join(Delivery.State.values)
        raise InvalidRequest(f"state is one of {states}.", code="bad_parameter")
    rows = rows.filter(**{name: value for name, value in given.items() if value is not None})
    number = entity_number(query)
    return rows if number is None else rows.filter(entity_id=number)
