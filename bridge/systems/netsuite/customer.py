"""A customer as it is asked for, as it is sent to NetSuite's records, and as it is compared with what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from rest_framework import serializers

NAMES = {
    "entity_id": "entityId",
    "company_name": "companyName",
    "first_name": "firstName",
    "middle_name": "middleName",
    "last_name": "lastName",
    "email": "email",
    "credit_limit": "creditLimit",
    "comments": "comments",
    "is_person": "isPerson",
    "is_inactive": "isInactive",
}
"""Our names and those of NetSuite's records. A field that an account lacks is taken out here and in the payload."""


class CustomerPayload(serializers.Serializer[Any]):
    """A customer by its external id. Fields that are left out stay as they are; null empties one."""

    external_id = serializers.RegexField(
        r"^[A-Za-z0-9_-]+$", max_length=100, help_text="ours, for good: letters, digits, _ and -"
    )
    entity_id = serializers.CharField(max_length=80, required=False, help_text="NetSuite's customer ID")
    company_name = serializers.CharField(max_length=83, required=False, allow_null=True)
    first_name = serializers.CharField(max_length=32, required=False, allow_null=True)
    middle_name = serializers.CharField(max_length=32, required=False, allow_null=True)
    last_name = serializers.CharField(max_length=32, required=False, allow_null=True)
    email = serializers.EmailField(max_length=254, required=False, allow_null=True)
    credit_limit = serializers.DecimalField(
        max_digits=15, decimal_places=2, min_value=0, required=False, allow_null=True
    )
    comments = serializers.CharField(max_length=4000, required=False, allow_null=True)
    is_person = serializers.BooleanField(required=False)
    is_inactive = serializers.BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """There is something to write."""
        if attrs.keys() <= {"external_id"}:
            raise serializers.ValidationError(f"Name what it is to have: {', '.join(NAMES)}.")
        return attrs


def body(payload: Mapping[str, Any]) -> bytes:
    """The record to be sent; amounts go as numbers with the digits they were given."""
    record = {theirs: payload[ours] for ours, theirs in NAMES.items() if ours in payload}
    if record.get("creditLimit") is not None:
        record["creditLimit"] = msgspec.Raw(str(record["creditLimit"]).encode())
    return msgspec.json.encode(record)


def differing(payload: Mapping[str, Any], record: Mapping[str, Any]) -> list[str]:
    """The fields of a payload that NetSuite's record holds otherwise, by our names."""
    return [
        ours
        for ours, theirs in NAMES.items()
        if ours in payload and _plain(payload[ours], ours) != _plain(record.get(theirs), ours)
    ]


def _plain(value: Any, name: str) -> object:
    """A value such that equal ones are equal, however they are written. NetSuite leaves empty fields out."""
    if name in ("is_person", "is_inactive"):
        return value in (True, "T")
    if value is None or name != "credit_limit":
        return value or None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return value
