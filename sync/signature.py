"""What failures of one cause share: one function for rows set aside and for failed jobs."""

from __future__ import annotations

import re
import uuid

import xxhash

LONGEST_SHAPE = 500
"""Characters of a message that count: what follows is mostly an echo of the data."""
_UNSTEADY = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F-]{22}"  # an id
    r"|\"[^\"]*\"(?: \([\d,]+ characters\))?|'[^']*'"  # a quoted value, cut or whole
    r"|\d(?:[\d:T.,+Z-]*\d)?Z?"  # a number, a date, a moment
)


def shape(message: str, value: str | None = None) -> str:
    """The message without what differs from failure to failure: the value found, numbers, ids, dates."""
    if value and f'"{value}"' in message:  # a value with quotes in it would be taken for two
        message = message.replace(f'"{value}"', "?")
    return _UNSTEADY.sub("?", message)[:LONGEST_SHAPE]


def signature(
    entity: str | None, stage: str, code: str, field: str | None, message: str, *, value: str | None = None
) -> uuid.UUID:
    """The fingerprint of a failure; for a job `stage` is its kind."""
    text = "\x1f".join((entity or "", stage, code, field or "", shape(message, value)))
    return uuid.UUID(bytes=xxhash.xxh3_128_digest(text.encode("utf-8", "replace")))
