"""Takes secrets out of events: by a value's name, and by the look of a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sync import redaction

# Names whose texts are secrets. Numbers stay: `tokens=5` counts something, it opens nothing.
_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)|secret|token|authori[sz]ation|credential|cookie|session_?key|api_?key|private_?key"
    r"|consumer_?key|signature|(^|_)(dsn|otp|pin)$",
    re.IGNORECASE,
)
# A dict of Python within a text, as `%s` writes it.
_NAMED_IN_TEXT = re.compile(rf"('[\w-]*(?:{_SECRET_NAME.pattern})[\w-]*': b?)'[^']*'", re.IGNORECASE)
# Nothing that a credential could stand behind: no space, sign of equality, quote or slash.
_BARE = re.compile(r"[\w.:+-]*")


def redact(value: Any, name: str = "") -> Any:
    """Return the value with its secrets hidden; mappings and lists are copied, the rest is left as it is."""
    if isinstance(value, Mapping):
        return {key: redact(item, str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [redact(item, name) for item in value]
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str) or not value:
        return value
    return redaction.HIDDEN if _SECRET_NAME.search(name) else redact_text(value)


def redact_text(text: str) -> str:
    """Return the text without what looks like a credential."""
    if _BARE.fullmatch(text) and "eyJ" not in text:  # most values: ids, moments, names of things
        return text
    return redaction.redact(_NAMED_IN_TEXT.sub(rf"\1'{redaction.HIDDEN}'", text))
