"""A job in the words of the first Bridge: {jobId, module, type, status, attempts, params, …}."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from sync.jobs.message import to_message
from sync.models import Job


class JobMessageSerializer(serializers.Serializer[Any]):
    """What POST /admin/sync and GET /admin/sync/{jobId} answer."""

    jobId = serializers.UUIDField()  # noqa: N815 - the names of the contract that clients have
    module = serializers.CharField(allow_null=True)
    type = serializers.CharField()
    status = serializers.ChoiceField(choices=Job.Status.choices)
    attempts = serializers.IntegerField()
    params = serializers.JSONField()
    createdAt = serializers.DateTimeField()  # noqa: N815
    startedAt = serializers.DateTimeField(allow_null=True)  # noqa: N815
    finishedAt = serializers.DateTimeField(allow_null=True)  # noqa: N815
    error = serializers.CharField(allow_null=True)
    result = serializers.JSONField(allow_null=True)


def message_of(job: Job) -> dict[str, Any]:
    """The job's message, and how far it is."""
    return {
        **to_message(job),
        "status": job.status,
        "createdAt": job.created_at,
        "startedAt": job.started_at,
        "finishedAt": job.finished_at,
        "error": job.error,
        "result": job.result,
    }
