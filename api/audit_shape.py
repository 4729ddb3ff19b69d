"""What the API shows of the audit."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from sync.models import AuditEntry


class AuditEntrySerializer(serializers.Serializer[Any]):
    """One act of a person or client, with its place in the chain."""

    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    actor = serializers.CharField(help_text="A user, the client of a token, or who sat at the shell.")
    door = serializers.CharField(help_text="admin, api, shell or callback.")
    act = serializers.CharField(help_text="Such as job.retry.")
    object_type = serializers.CharField()
    object_id = serializers.CharField()
    reason = serializers.CharField(allow_null=True)
    before = serializers.JSONField(allow_null=True, help_text="Secrets are ***.")
    after = serializers.JSONField(allow_null=True, help_text="Secrets are ***.")
    request_id = serializers.CharField(allow_null=True)
    seq = serializers.SerializerMethodField(help_text="Its number in the chain.")
    hash = serializers.SerializerMethodField(
        help_text="SHA-256 of the hash before it and its own text, in hex."
    )

    def get_seq(self, entry: AuditEntry) -> int | None:
        """The number; null for one that came past the chain, which `verify` tells."""
        return entry.link.seq if hasattr(entry, "link") else None

    def get_hash(self, entry: AuditEntry) -> str | None:
        """The hash of its link."""
        return bytes(entry.link.hash).hex() if hasattr(entry, "link") else None


class AuditFaultSerializer(serializers.Serializer[Any]):
    """Where the chain is broken."""

    kind = serializers.ChoiceField(
        choices=["changed", "removed", "inserted", "reordered", "truncated", "rewritten"]
    )
    message = serializers.CharField()
    seq = serializers.IntegerField(allow_null=True)
    audit_id = serializers.UUIDField(allow_null=True)


class AuditVerdictSerializer(serializers.Serializer[Any]):
    """Whether the chain holds."""

    holds = serializers.BooleanField()
    entries = serializers.IntegerField(help_text="That were looked at.")
    deleted_to = serializers.IntegerField(
        source="start.seq", help_text="The last one that was deleted for its age; 0: none was."
    )
    head = serializers.CharField(
        help_text="NUMBER:HASH of the newest. Keep it elsewhere, and give it as `head` later."
    )
    faults = AuditFaultSerializer(many=True, help_text="The first 20, in their order.")
