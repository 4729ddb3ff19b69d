"""Exchanges as the recorder takes them down, and recordings of `bridge record`, as a file of answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import UNSET, UnsetType

from sync.errors import InvalidRequest
from sync.redaction import HIDDEN, masked
from sync.testing.answers import Answers, BadAnswers, Exchange, Reply, Request

_OF_THE_WIRE = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "date",
        "keep-alive",
        "server",
        "transfer-encoding",
        "vary",
    }
)
"""Headers that tell nothing of what was answered; the body is kept unpacked."""


def of_recording(path: Path) -> Answers:
    """The answers of a recording. Raises BadAnswers."""
    from sync.recording.play import opened

    try:
        recording = opened(path)
    except InvalidRequest as error:
        raise BadAnswers(error.message) from error
    lines = [line for kept in recording.answers.values() for line in kept]
    return Answers(
        system=recording.entity.partition(".")[0],
        recorded_at=recording.began.isoformat(),
        exchanges=grouped(exchange_of(line) for line in lines),
    )


def exchange_of(line: Mapping[str, Any], sent_json: Any = None) -> Exchange:
    """One exchange of a recording's line; `sent_json` is the request's body, where it was JSON."""
    asked, told = line["asked"], line["answer"]
    path, _, inside = asked["path"].partition("?")
    params = {**dict(parse_qsl(inside, keep_blank_values=True)), **asked["params"]}
    query = {name: value for name, value in params.items() if value != HIDDEN}
    request = Request(method=asked["method"], path=path, query=query, **_sent(asked, sent_json))
    headers = {name: value for name, value in told["headers"].items() if name.lower() not in _OF_THE_WIRE}
    return Exchange(
        request=request, answers=[Reply(status=told["status"], headers=headers, **_answered(told))]
    )


def grouped(exchanges: Iterable[Exchange]) -> list[Exchange]:
    """The exchanges with the answers to equal requests joined, in their order."""
    found: dict[bytes, Exchange] = {}
    for exchange in exchanges:
        key = msgspec.json.encode(exchange.request)
        before = found[key].answers if key in found else []
        found[key] = Exchange(request=exchange.request, answers=[*before, *exchange.answers])
    return list(found.values())


def _sent(asked: Mapping[str, Any], sent_json: Any) -> dict[str, Any]:
    if sent_json is not None:
        return {"json": msgspec.Raw(msgspec.json.encode(masked(sent_json)))}
    body = asked["body"]
    if isinstance(body, Mapping):
        return {"form": {name: str(value) for name, value in body.items()}}
    return {} if body is None else {"body": body}


def _answered(told: Mapping[str, Any]) -> dict[str, Any]:
    if "body64" in told:
        return {"base64": told["body64"]}
    raw = _as_json(told["body"])
    return {"body": told["body"] or None} if isinstance(raw, UnsetType) else {"json": raw}


def _as_json(text: str) -> msgspec.Raw | UnsetType:
    """The text as it can lie within JSON; what is none, such as a bare NaN, stays text."""
    try:
        json.loads(text, parse_constant=_refuse)
        return msgspec.Raw(msgspec.json.format(text.encode(), indent=0))
    except (ValueError, RecursionError):
        return UNSET


def _refuse(name: str) -> None:
    raise ValueError(name)
