"""The documented JSON of a job, `{jobId, module, type, params{since, page, pageSize}, attempts}`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from sync.errors import InvalidRequest
from sync.models import Job

_KIND = re.compile(r"[a-z][a-z0-9_]*")
_NAMES = {"jobId", "module", "type", "params", "attempts"}
_PARAMS = {"since", "page", "pageSize"}


@dataclass(frozen=True, kw_only=True, slots=True)
class JobMessage:
    """A job message, read."""

    job_id: UUID
    module: str | None
    kind: str
    since: str | None
    page: int | None
    page_size: int | None
    attempts: int


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of the message."""
    text = (Path(__file__).parent / "message.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def to_message(job: Job) -> dict[str, Any]:
    """The message of a job."""
    return {
        "jobId": str(job.pk),
        "module": None if job.entity is None else job.entity.path,
        "type": job.kind,
        "params": {
            "since": job.params.get("since"),
            "page": job.params.get("page"),
            "pageSize": job.params.get("page_size"),
        },
        "attempts": job.attempts,
    }


def from_message(message: Mapping[str, Any]) -> JobMessage:
    """Read a message. Raises InvalidRequest (bad_message) naming the part that is wrong."""
    _names("the message", message, _NAMES)
    params = message["params"]
    if not isinstance(params, Mapping):
        raise _bad("params", params)
    _names("params", params, _PARAMS)
    kind = message["type"]
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        raise _bad("type", kind)
    attempts = _whole("attempts", message["attempts"], least=0)
    if attempts is None:
        raise _bad("attempts", None)
    return JobMessage(
        job_id=_uuid(message["jobId"]),
        module=_text("module", message["module"], least=1),
        kind=kind,
        since=_text("since", params["since"], least=0),
        page=_whole("page", params["page"], least=1),
        page_size=_whole("pageSize", params["pageSize"], least=1),
        attempts=attempts,
    )


def _names(where: str, found: Mapping[str, Any], wanted: set[str]) -> None:
    if set(found) != wanted:
        expected = ", ".join(sorted(wanted))
        raise InvalidRequest(f"Of {where} exactly these are expected: {expected}.", code="bad_message")


def _uuid(value: Any) -> UUID:
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError):
        raise _bad("jobId", value) from None


def _text(name: str, value: Any, *, least: int) -> str | None:
    if value is None or (isinstance(value, str) and len(value) >= least):
        return value
    raise _bad(name, value)


def _whole(name: str, value: Any, *, least: int) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= least):
        return value
    raise _bad(name, value)


def _bad(name: str, value: Any) -> InvalidRequest:
    return InvalidRequest(f"{name} of the job message can't be {str(value)[:100]!r}.", code="bad_message")
