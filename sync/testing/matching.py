"""Which recorded request a request is, and which comes nearest where none fits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec
from msgspec import UnsetType
from requests.structures import CaseInsensitiveDict

from sync.redaction import HIDDEN, is_secret
from sync.testing.answers import Request


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as it came over the wire."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)  # of a name given twice the last
    headers: Mapping[str, str] = field(default_factory=CaseInsensitiveDict, repr=False)  # in any case
    body: bytes = b""

    @cached_property
    def json(self) -> Any:
        """The body as JSON. Raises ValueError where it is none."""
        return msgspec.json.decode(self.body)

    @cached_property
    def form(self) -> dict[str, str]:
        """The body as a form; empty where it is none."""
        return dict(parse_qsl(self.body.decode("latin-1"), keep_blank_values=True))

    def __str__(self) -> str:
        plain = {name: HIDDEN if is_secret(name) else value for name, value in self.query.items()}
        query = "&".join(f"{name}={value}" for name, value in plain.items())
        return f"{self.method} {self.path}" + (f"?{query}" if query else "")


def differences(request: Request, asked: Asked) -> list[str]:
    """In what a request differs from a recorded one, in words; none where it is meant."""
    return list(_differences(request, asked))


def says(request: Request) -> int:
    """How much a recorded request says: of several that are meant, the one that says most."""
    exact = "*" not in request.path
    named = len(request.query) + len(request.headers) + len(request.form)
    return named + 2 * exact + (not isinstance(request.json, UnsetType)) + (request.body is not None)


def fits_path(pattern: str, path: str) -> bool:
    """Whether a path is meant; `*` is one part of it."""
    parts = (re.escape(unquote(part)).replace(r"\*", "[^/]*") for part in pattern.strip("/").split("/"))
    return re.fullmatch("/".join(parts), unquote(path).strip("/")) is not None


def _differences(request: Request, asked: Asked) -> Iterator[str]:
    if request.method.upper() != asked.method.upper():
        yield f"the method is {asked.method}, not {request.method}"
    if not fits_path(request.path, asked.path):
        yield f"the path is {asked.path}, not {request.path}"
    yield from _unlike("query", request.query, asked.query)
    yield from _unlike("header", request.headers, asked.headers)
    if request.form:
        yield from _unlike("form", request.form, asked.form)
    if request.body is not None and request.body.encode() != asked.body:
        yield "the body is another"
    if not isinstance(request.json, UnsetType):
        yield from _unlike_json(msgspec.json.decode(request.json), asked)


def _unlike(what: str, wanted: Mapping[str, str | int], found: Mapping[str, str]) -> Iterator[str]:
    for name, value in wanted.items():
        if name not in found:
            yield f"{what} {name} is missing"
        elif value != HIDDEN and str(value) != found[name]:
            shown = "another" if what == "header" else repr(found[name])  # it may be a secret
            yield f"{what} {name} is {shown}, not {str(value)!r}"


def _unlike_json(wanted: Any, asked: Asked) -> Iterator[str]:
    try:
        found = asked.json
    except (ValueError, UnicodeDecodeError):
        yield "the body is no JSON"
        return
    yield from _unlike_value("body", wanted, found)


def _unlike_value(place: str, wanted: Any, found: Any) -> Iterator[str]:
    if wanted == HIDDEN:
        return
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name, value in wanted.items():
            if name not in found:
                yield f"{place}.{name} is missing"
            else:
                yield from _unlike_value(f"{place}.{name}", value, found[name])
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for number, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from _unlike_value(f"{place}[{number}]", one, other)
    elif wanted != found or isinstance(wanted, bool) != isinstance(found, bool):
        yield f"{place} is {_short(found)}, not {_short(wanted)}"


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else text[:59] + "…"
