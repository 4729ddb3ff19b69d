"""Jobs: the list, one with its runs and log, and what an operator may do to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiRequest, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.auth import actor
from api.listing import PAGING, failures, list_of, listed, newest, paging_parameters
from api.params import Query, body, identifier, storable, word
from api.scopes import OPERATE, READ
from api.serializers import JobDetailSerializer, JobSerializer
from sync.errors import InvalidRequest, NotFound
from sync.events import moment, words
from sync.jobs import selecting, verbs
from sync.jobs.edit import edit
from sync.models import Batch, Job, JobEvent

MOST_EVENTS = 500  # shown of one job: the newest
REMARK = inline_serializer(
    "JobAct",
    {"remark": serializers.CharField(required=False), "reason": serializers.CharField(required=False)},
)
EDITED = inline_serializer(
    "JobEdit",
    {
        "params": serializers.JSONField(help_text="All of them, in place of the old ones."),
        "reason": serializers.CharField(required=False),
    },
)


class JobsView(APIView):
    """The list of jobs."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="jobs_list",
        tags=["jobs"],
        summary="Jobs, newest first",
        parameters=paging_parameters(
            OpenApiParameter("status", str, enum=selecting.STATUSES),
            OpenApiParameter("entity", str, description="Such as netsuite.customers"),
            OpenApiParameter("kind", str, description="sync, refresh, wake, replay …"),
            OpenApiParameter("code", str, description="Of its error."),
            OpenApiParameter("error", str, description="A part of its error's text."),
            OpenApiParameter("since", str, description="Asked for from this moment on (ISO 8601)."),
            OpenApiParameter("until", str, description="Asked for before this moment."),
            OpenApiParameter("lane", str, description="Stands in this lane."),
            OpenApiParameter("parent", OpenApiTypes.UUID, description="Asked for by this job."),
            OpenApiParameter(
                "params.NAME",
                str,
                description="A parameter, by its path: params.target=hub, params.key.id=7.",
            ),
        ),
        responses={200: list_of("JobList", JobSerializer), **failures(400, 404)},
    )
    def get(self, request: Request) -> Response:
        """A page of jobs."""
        paths = [name for name in request.query_params if name.startswith(selecting.PATH)]
        names = (*selecting.NAMES, *paths)
        query = Query(request, known=(*names, *PAGING))
        rows = selecting.Selection.of(query.present(names)).rows().select_related("entity")
        page, after = newest(rows, query)
        return Response(listed(shown(page), after))


class JobView(APIView):
    """One job."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="jobs_read",
        tags=["jobs"],
        summary="One job, with its runs and its log",
        parameters=[OpenApiParameter("job_id", OpenApiTypes.UUID, OpenApiParameter.PATH)],
        responses={200: JobDetailSerializer, **failures(404)},
    )
    def get(self, request: Request, job_id: str) -> Response:
        """The job."""
        Query(request, known=())
        return Response(detailed(find(job_id)))


def _documented(name: str, summary: str, status: int = 200) -> Callable[[Any], Any]:
    return extend_schema(
        operation_id=f"jobs_{name}",
        tags=["jobs"],
        summary=summary,
        parameters=[OpenApiParameter("job_id", OpenApiTypes.UUID, OpenApiParameter.PATH)],
        request=OpenApiRequest(REMARK),
        responses={status: JobSerializer, **failures(400, 404, 409)},
    )


class JobRetryView(APIView):
    """POST /jobs/{id}/retry."""

    scopes: ClassVar = {"POST": OPERATE}

    @_documented("retry", "Run a failed job again, or a waiting one now", 202)
    def post(self, request: Request, job_id: str) -> Response:
        """Failed or waiting -> pending, at once."""
        job = verbs.retry(identifier("job", job_id), by=actor(request), reason=_remark(request))
        return _acted(job, 202)


class JobCancelView(APIView):
    """POST /jobs/{id}/cancel."""

    scopes: ClassVar = {"POST": OPERATE}

    @_documented("cancel", "Stop a job that has not ended")
    def post(self, request: Request, job_id: str) -> Response:
        """Pending or processing -> cancelled."""
        return _acted(verbs.cancel(identifier("job", job_id), by=actor(request), reason=_remark(request)))


class JobResolveView(APIView):
    """POST /jobs/{id}/resolve."""

    scopes: ClassVar = {"POST": OPERATE}

    @_documented("resolve", "Close a failed job without running it again")
    def post(self, request: Request, job_id: str) -> Response:
        """A failed job is dealt with, says a person."""
        return _acted(verbs.resolve(identifier("job", job_id), by=actor(request), remark=_remark(request)))


class JobEditView(APIView):
    """POST /jobs/{id}/edit."""

    scopes: ClassVar = {"POST": OPERATE}

    @extend_schema(
        operation_id="jobs_edit",
        tags=["jobs"],
        summary="Run its work anew with other parameters; the old job is resolved or cancelled",
        parameters=[OpenApiParameter("job_id", OpenApiTypes.UUID, OpenApiParameter.PATH)],
        request=OpenApiRequest(EDITED),
        responses={202: JobSerializer, **failures(400, 404, 409)},
    )
    def post(self, request: Request, job_id: str) -> Response:
        """202 with the new job."""
        data = body(request, known=("params", "reason", "remark"))
        params = storable("params", data.get("params"))
        if not isinstance(params, dict):
            raise InvalidRequest('Send all parameters: {"params": {"full": true}}.', code="bad_parameter")
        reason = word(data, "reason") or word(data, "remark")
        number = identifier("job", job_id)
        return _acted(edit(number, params, by=actor(request), reason=reason), 202)


def find(job_id: str) -> Job:
    """The job of an id. Raises NotFound."""
    job = Job.objects.select_related("entity").filter(pk=identifier("job", job_id)).first()
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
    return job


def shown(jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """Jobs as the API shows them."""
    progress = progress_of([job.id for job in jobs])
    for job in jobs:
        job.__dict__["progress"] = progress[job.id]
    return [dict(item) for item in JobSerializer(jobs, many=True).data]


def detailed(job: Job) -> dict[str, Any]:
    """One job with its runs and its log."""
    newest_events = list(JobEvent.objects.filter(job_id=job.id).order_by("-id")[:MOST_EVENTS])
    current: dict[str, Any] = next((event.facts for event in newest_events if event.name == "progress"), {})
    job.__dict__["progress"] = {**current, **progress_of([job.id])[job.id]}
    job.__dict__["shown_runs"] = list(job.runs.order_by("no"))
    job.__dict__["shown_events"] = [
        {"at": moment(event.id), "name": event.name, "words": words(event), "facts": event.facts}
        for event in reversed(newest_events)
    ]
    return dict(JobDetailSerializer(job).data)


def progress_of(job_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """What each job has committed: its batches, and each count summed over them."""
    sums: dict[UUID, dict[str, int]] = {job_id: {"batches": 0} for job_id in job_ids}
    for job_id, counts in Batch.objects.filter(job_id__in=job_ids).values_list("job_id", "counts"):
        total = sums[job_id]
        total["batches"] += 1
        for name, number in counts.items():
            total[name] = total.get(name, 0) + number
    return sums


def _acted(job: Job, status: int = 200) -> Response:
    return Response(shown([job])[0], status=status, headers={"Location": f"/api/v1/jobs/{job.id}"})


def _remark(request: Request) -> str:
    data = body(request, known=("remark", "reason"))
    return word(data, "remark") or word(data, "reason") or ""
