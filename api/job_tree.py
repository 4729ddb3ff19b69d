"""GET /jobs/{id}/tree: a job with all that came of it."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.listing import failures
from api.params import Query, identifier
from api.scopes import READ
from sync.errors import NotFound
from sync.jobs.tree import MOST, Tree, lines, tree
from sync.models import Job


class TreeLineSerializer(serializers.Serializer[Any]):
    """A job in its tree."""

    id = serializers.UUIDField()
    parent_id = serializers.UUIDField(allow_null=True)
    depth = serializers.IntegerField(help_text="0 is the topmost job.")
    kind = serializers.CharField()
    entity = serializers.CharField(source="entity.path", allow_null=True, default=None)
    status = serializers.ChoiceField(choices=Job.Status.choices)
    hold = serializers.CharField(allow_null=True)
    error_code = serializers.CharField(allow_null=True)
    error = serializers.CharField(allow_null=True)


class TreeSerializer(serializers.Serializer[Any]):
    """A tree of jobs, from top to bottom: each is followed by the jobs that it asked for."""

    items = TreeLineSerializer(many=True)
    more = serializers.BooleanField(help_text=f"It has more than {MOST} jobs; the rest is not shown.")


class JobTreeView(APIView):
    """The tree of one job."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="jobs_tree",
        tags=["jobs"],
        summary="The whole tree in which a job stands: parents and children",
        parameters=[OpenApiParameter("job_id", OpenApiTypes.UUID, OpenApiParameter.PATH)],
        responses={200: TreeSerializer, **failures(404)},
    )
    def get(self, request: Request, job_id: str) -> Response:
        """The tree."""
        Query(request, known=())
        return Response(shown(find(job_id)))


def find(job_id: str) -> Tree:
    """The tree of a job. Raises NotFound."""
    found = tree(identifier("job", job_id))
    if found is None:
        raise NotFound(f"There is no job {job_id}.")
    return found


def shown(found: Tree) -> dict[str, Any]:
    """A tree as the API shows it."""
    rows = lines(found.root)
    for depth, job in rows:
        job.__dict__["depth"] = depth
    items = TreeLineSerializer([job for _, job in rows], many=True).data
    return {"items": [dict(item) for item in items], "more": found.more}
