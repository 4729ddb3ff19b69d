"""The errors of a payload, by field, all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rest_framework import serializers

Faults = dict[str, Any]
"""By field, a list of {code, message}; of nested objects and lists the same within."""


def unknown(serializer: Any, data: Any) -> Faults:
    """What the serializer would overlook: names that it does not know, at any depth."""
    fields = getattr(serializer, "fields", None)
    if fields is None or not isinstance(data, Mapping):
        return {}
    faults: Faults = {}
    for name, value in data.items():
        field = fields.get(name)
        if field is None or field.read_only:
            known = ", ".join(one for one in fields if not fields[one].read_only)
            faults[str(name)[:100]] = [fault("unknown_field", f"There is no such field. Known are: {known}.")]
        elif isinstance(field, serializers.ListSerializer) and isinstance(value, list):
            assert field.child is not None
            parts = {str(no): found for no, one in enumerate(value) if (found := unknown(field.child, one))}
            faults |= {name: parts} if parts else {}
        elif isinstance(field, serializers.BaseSerializer) and (found := unknown(field, value)):
            faults[name] = found
    return faults


def listed(errors: Any) -> Any:
    """DRF's errors with their codes."""
    if isinstance(errors, Mapping):
        return {
            ("" if name == "non_field_errors" else str(name)): listed(one) for name, one in errors.items()
        }
    if isinstance(errors, list):
        if any(isinstance(one, Mapping) for one in errors):
            return {str(no): listed(one) for no, one in enumerate(errors) if one}
        return [fault(str(getattr(one, "code", "invalid")), str(one)) for one in errors]
    return [fault(str(getattr(errors, "code", "invalid")), str(errors))]


def merged(one: Faults, other: Faults) -> Faults:
    """The errors of both, at any depth; where both name a field, the second's."""
    both = dict(one)
    for name, found in other.items():
        deeper = isinstance(found, dict) and isinstance(one.get(name), dict)
        both[name] = merged(one[name], found) if deeper else found
    return both


def lines(faults: Any, path: str = "") -> Iterator[str]:
    """One line for each error, with the path to its field."""
    if isinstance(faults, Mapping):
        for name, found in faults.items():
            yield from lines(found, f"{path}.{name}" if path and name else path or str(name))
        return
    for one in faults:
        yield f"{path}: {one['message']}" if path else one["message"]


def fault(code: str, message: str) -> dict[str, str]:
    """One error."""
    return {"code": code, "message": message}
