"""JSON that is shown without the secrets in it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from sync.redaction import masked


class MaskedField(serializers.JSONField):
    """JSON in which what bears the name of a secret, at any depth, is ***."""

    def to_representation(self, value: Any) -> Any:
        """Without secrets."""
        return masked(super().to_representation(value))
