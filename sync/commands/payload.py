"""What a client sent becomes the payload: checked by the command's serializer, with every error named."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from sync.commands.declared import Declared
from sync.commands.faults import Faults, fault, listed, merged, unknown
from sync.errors import InvalidRequest

_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""The character's escape, not a backslash before the letters of one."""


class BadPayload(InvalidRequest):
    """The payload does not fit; `faults` has every error by field."""

    code = "bad_payload"

    def __init__(self, known: Declared, faults: Faults) -> None:
        names = ", ".join(name for name in faults if name)
        whole = " ".join(one["message"] for one in faults.get("", ()))
        words = f"errors in: {names}. `detail` names each." if names else f"an error: {whole}"
        super().__init__(f"The payload of {known.path} has {words}")
        self.detail = faults


def validated(known: Declared, data: Any) -> dict[str, Any]:
    """The payload as JSON: dates, moments, decimals as text. Raises BadPayload with all errors."""
    if not isinstance(data, Mapping):
        raise BadPayload(known, {"": [fault("not_an_object", "Send a JSON object.")]})
    serializer = known.command.payload(data=data)
    faults = unknown(serializer, data)
    if not serializer.is_valid():
        faults = merged(listed(serializer.errors), faults)
    if faults:
        raise BadPayload(known, faults)
    try:
        text = json.dumps(serializer.validated_data, default=_plain, ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise BadPayload(known, {"": [fault("not_storable", "NaN and Infinity are no JSON.")]}) from None
    if _NUL.search(text) or not _encodes(text):
        words = "It has characters that cannot be stored: leave them out."
        raise BadPayload(known, {"": [fault("not_storable", words)]})
    payload: dict[str, Any] = json.loads(text)
    return payload


def _plain(value: Any) -> Any:
    """What JSON has no form for: exact, never a float."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | time):
        return value.isoformat()
    return sorted(value) if isinstance(value, set) else str(value)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True
