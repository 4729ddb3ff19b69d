"""One exchange with a far end as a line of a recording, without secrets."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from requests.structures import CaseInsensitiveDict

from sync.http import Answer
from sync.redaction import HIDDEN, is_secret, redact, redact_json
from sync.tape import Question

_NEVER = frozenset({"set-cookie", "www-authenticate", "proxy-authenticate"})
Line = dict[str, Any]


def line_of(question: Question, answer: Answer) -> tuple[Line, int]:
    """The line, and how many secrets were taken out of the answer's body."""
    asked = asked_of(question)
    body, hidden = _body(answer.body)
    told = {
        "status": answer.status,
        "headers": {
            name: redact(value)
            for name, value in answer.headers.items()
            if name.lower() not in _NEVER and not is_secret(name)
        },
        "asked_at": answer.asked_at.isoformat(),
        **body,
    }
    return {"asked": asked, "answer": told}, hidden


def asked_of(question: Question) -> Line:
    """The request: what tells it from others."""
    sent = question.data if question.json is None else question.json
    if isinstance(sent, bytes):
        sent = sent.decode("utf-8", "backslashreplace")
    return {
        "system": question.system,
        "method": question.method,
        "path": question.path,
        "params": _plain(question.params or {}),
        "body": _plain(sent) if isinstance(sent, Mapping) else sent,
    }


def key_of(asked: Line) -> str:
    """Equal for equal requests."""
    return json.dumps(asked, sort_keys=True)


def answer_of(line: Line) -> Answer:
    """The answer of a line. Raises KeyError, ValueError and TypeError where it is none."""
    asked, told = line["asked"], line["answer"]
    raw = told["body"].encode() if "body" in told else base64.b64decode(told["body64"])
    return Answer(
        status=int(told["status"]),
        headers=CaseInsensitiveDict(told["headers"]),
        body=raw,
        asked_at=datetime.fromisoformat(told["asked_at"]),
        system=asked["system"],
        address=f"{asked['method']} {asked['path']}",
    )


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: HIDDEN if is_secret(name) else str(value) if isinstance(value, int) else value
        for name, value in values.items()
    }


def _body(body: bytes) -> tuple[Line, int]:
    try:
        text, hidden = redact_json(body.decode())
    except UnicodeDecodeError:
        return {"body64": base64.b64encode(body).decode()}, 0
    return {"body": text}, hidden
