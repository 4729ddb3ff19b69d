"""A log event as a line: of JSON for machines, of words for people; and back from a child's line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bridge.redact import redact_text

_COLOURS = {"warning": "33", "error": "31", "critical": "31;1", "debug": "2"}
_SHOWN_APART = ("timestamp", "level", "service", "message", "exception", "stack")


def as_json(event: Mapping[str, Any]) -> str:
    """One line of JSON; values it has no form for are written as text."""
    return json.dumps(event, default=str, ensure_ascii=False)


def as_words(event: Mapping[str, Any], *, colour: bool = False) -> str:
    """Time of day (UTC), service, message, then `name=value`; a level only where it is not `info`."""
    level = str(event.get("level", "info"))
    moment = str(event.get("timestamp", ""))[11:19]
    facts = " ".join(
        f"{name}={_brief(value)}"
        for name, value in event.items()
        if name not in _SHOWN_APART and value is not None
    )
    word = "" if level == "info" else f"{level}: "
    line = f"{moment} {event.get('service', ''):<10} {word}{event.get('message', '')}"
    line = f"{line}  {facts}" if facts else line
    if colour and level in _COLOURS:
        line = f"\x1b[{_COLOURS[level]}m{line}\x1b[0m"
    more = [str(event[name]).rstrip() for name in ("stack", "exception") if event.get(name)]
    return "\n".join([line, *more])


def parse(line: str, service: str) -> dict[str, Any]:
    """Read a child's line; what is not an event of ours becomes one, so that nothing it says is lost."""
    try:
        event = json.loads(line) if line.startswith("{") else None
    except ValueError:
        event = None
    if isinstance(event, dict) and "message" in event:
        return {**event, "service": event.get("service", service)}
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return {"timestamp": now, "level": "info", "service": service, "message": redact_text(line)}


def _brief(value: Any) -> str:
    if isinstance(value, dict):  # counts, mostly: those of nothing say nothing
        return ",".join(f"{key}:{_brief(item)}" for key, item in value.items() if item) or "{}"
    text = json.dumps(value, default=str) if isinstance(value, list) else str(value)
    return json.dumps(text, ensure_ascii=False) if " " in text else text
