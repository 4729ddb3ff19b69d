"""One request and its answer, free of any server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import msgspec

JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a client asked. Header names are lower case; the path is raw (still percent-encoded)."""

    method: str
    path: str
    # Scheme, host and whole path as the client addressed them: signatures cover it.
    url: str = ""
    params: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    client: str = "127.0.0.1"
    # True once the client has hung up.
    gone: Callable[[], bool] = lambda: False
    # What it meets, beyond what every far end knows: `idempotent`.
    moods: frozenset[str] = frozenset()

    @cached_property
    def query(self) -> dict[str, str]:
        """The query parameters; the last of a repeated name counts."""
        return dict(self.params)


@dataclass(frozen=True, kw_only=True)
class Response:
    """What goes back; `note` is the sandbox's own remark for its log and never leaves it."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON
    note: str = ""
    # Half of it arrives, then the connection ends.
    cut: bool = False


def json_response(document: object, status: int = 200, note: str = "") -> Response:
    """Answer with a document as JSON."""
    return Response(status=status, body=msgspec.json.encode(document), note=note)
