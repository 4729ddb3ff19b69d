"""Which entity, and which key of it, a URL means: /api/v1/[{system}/]{entity}[/{key}[/{part}]]."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from django.http import HttpRequest

from sync.errors import UnknownEntity
from sync.registry import Registered, registry

PREFIX = "/api/v1/"
PARTS = ("history", "lineage")
"""What a record's address may end in."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a URL of records means; `key` is as in the URL, percent-encoded parts joined by commas."""

    registered: Registered
    key: str | None
    part: str | None = None  # history or lineage of the record

    @property
    def endpoint(self) -> str:
        """The route's name in metrics and logs."""
        address = PREFIX + self.registered.path.replace(".", "/")
        if self.key is None:
            return address
        return f"{address}/{{key}}/{self.part}" if self.part else f"{address}/{{key}}"


def locate(request: HttpRequest) -> Place:
    """The place a request means. Raises UnknownEntity with the names there are."""
    raw = raw_path(request)
    encoded = raw is not None
    rest = (raw if raw is not None else request.path).partition(PREFIX)[2]
    names = [unquote(part) if encoded else part for part in rest.rstrip("/").split("/", 2)]
    systems = {system.name for system in registry.systems}
    taken = 2 if names[0] in systems and len(names) > 1 else 1
    if (
        "." in names[0] and taken == 1
    ):  # the dotted path is for JSON and the shell; a URL has one way to say it
        raise UnknownEntity(f"Write {names[0].replace('.', '/')} in a URL, with a slash.")
    registered = registry.find("/".join(names[:taken]))
    *key_parts, last = ["", *rest.rstrip("/").split("/")[taken:]]
    # A slash of the key's own is written %2F, so what follows a bare one is a part of the record.
    part = last if last in PARTS and len(key_parts) > 1 else None
    key = "/".join(key_parts[1:] if part else [*key_parts, last][1:]) or None
    if key is not None and not encoded:
        key = _encoded_again(registered, key)
    return Place(registered, key, part)


def raw_path(request: HttpRequest) -> str | None:
    """The path as the client wrote it, where the server passes it on; PATH_INFO has lost %2F and %2C."""
    scope = getattr(request, "scope", None)
    raw = scope.get("raw_path", b"").decode("latin-1") if scope else ""
    raw = raw or request.META.get("RAW_URI") or request.META.get("REQUEST_URI") or ""
    path = urlsplit(raw).path if "://" in raw else raw.partition("?")[0]
    # A proxy or a mount point may have changed the path on the way: then only the server's word counts.
    return path if path and unquote(path) == request.path else None


def _encoded_again(registered: Registered, key: str) -> str:
    """A decoded key as it must have been: a single part keeps its commas, of several each comma parts."""
    safe = "," if len(registered.entity.key) > 1 else ""
    return quote(key, safe=safe)
