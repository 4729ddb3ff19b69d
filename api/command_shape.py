"""What commands look like in the API; the same shapes are in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

from sync.commands.settle import DECISIONS
from sync.commands.words import words
from sync.models import Command, Effect, Job
from sync.models.command import State
from sync.redaction import masked

TAKEN = inline_serializer(
    "CommandTaken",
    {
        "id": serializers.UUIDField(),
        "command": serializers.CharField(),
        "state": serializers.CharField(),
        "job_id": serializers.UUIDField(),
    },
)
ID = OpenApiParameter("command_id", OpenApiTypes.UUID, OpenApiParameter.PATH)


class CommandSerializer(serializers.Serializer[Any]):
    """An effect that somebody wants outside."""

    id = serializers.UUIDField()
    command = serializers.CharField(source="kind", help_text="Such as netsuite.upsert_customer")
    state = serializers.ChoiceField(
        choices=State.choices,
        help_text="intended, sent, proven (it is there), refused, or unknown: it is looked for, or a person decides.",
    )
    client = serializers.CharField(help_text="Who asked for it.")
    idempotency_key = serializers.CharField(allow_null=True)
    remote_id = serializers.CharField(allow_null=True, help_text="Of what it made at the far end.")
    remote_status = serializers.CharField(
        allow_null=True, help_text="The far end's word in its last callback."
    )
    compensates = serializers.UUIDField(
        source="compensates_id", allow_null=True, help_text="What it takes back."
    )
    job_id = serializers.UUIDField()
    job_status = serializers.SerializerMethodField()
    hold = serializers.SerializerMethodField(help_text="Why its job waits.")
    error_code = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    changed_at = serializers.DateTimeField()

    def get_job_status(self, command: Command) -> str | None:
        """Of its job; null where that is kept no longer."""
        job = _job(command)
        return job.status if job else None

    def get_hold(self, command: Command) -> str | None:
        """Why its job waits."""
        job = _job(command)
        return job.hold if job else None

    def get_error_code(self, command: Command) -> str | None:
        """Of the last attempt that failed."""
        job = _job(command)
        return job.error_code if job else None

    def get_error(self, command: Command) -> str | None:
        """In words, with what to do."""
        job = _job(command)
        return job.error if job else None


class EffectSerializer(serializers.Serializer[Any]):
    """A line of the ledger."""

    no = serializers.IntegerField()
    state = serializers.ChoiceField(choices=State.choices, help_text="Of the command after it.")
    at = serializers.DateTimeField()
    words = serializers.SerializerMethodField()
    facts = serializers.SerializerMethodField()

    def get_words(self, line: Effect) -> str:
        """What happened, in words."""
        return words(line)

    def get_facts(self, line: Effect) -> dict[str, Any]:
        """What happened: the step, the far end's words."""
        return dict(masked(line.exchange))


class CommandDetailSerializer(CommandSerializer):
    """A command with its payload and its ledger."""

    payload = serializers.SerializerMethodField()
    ledger = EffectSerializer(many=True)
    compensations = serializers.SerializerMethodField(help_text="The commands that take it back.")

    def get_compensations(self, command: Command) -> list[str]:
        """Their ids, the oldest first."""
        return [str(number) for number in command.compensations.order_by("pk").values_list("pk", flat=True)]

    def get_payload(self, command: Command) -> dict[str, Any]:
        """As validated; values under names of secrets are masked."""
        return dict(masked(command.payload))


DETAIL = CommandDetailSerializer
LIST = inline_serializer(
    "CommandList",
    {"items": CommandSerializer(many=True), "next": serializers.CharField(allow_null=True)},
)
REASON = inline_serializer("CommandAct", {"reason": serializers.CharField(required=False)})
SETTLED = inline_serializer(
    "CommandSettle",
    {
        "decision": serializers.ChoiceField(choices=DECISIONS),
        "reason": serializers.CharField(help_text="How you know."),
        "remote_id": serializers.CharField(required=False, help_text="Of what it made there."),
    },
)


def shown(command: Command) -> dict[str, Any]:
    """A command as lists show it."""
    return dict(CommandSerializer(command).data)


def detailed(command: Command) -> dict[str, Any]:
    """A command with its payload and ledger."""
    return dict(CommandDetailSerializer(command).data)


def _job(command: Command) -> Job | None:
    try:
        return command.job
    except ObjectDoesNotExist:  # jobs are kept for a time only
        return None
