"""The record endpoint: one record read, created, changed, deleted, or upserted by its external id."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from bridge.sandbox.exchange import Request, Response
from bridge.sandbox.store import Row, UnknownError
from bridge.sandbox.suitetalk.errors import VendorError, invalid, no_such_record
from bridge.sandbox.suitetalk.record_type import MODIFIED, RecordType
from bridge.sandbox.tokens import NULL, as_string, columns_of, object_of, quoted, text_of

EXTERNAL = "externalid"
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_-]+")
_NUMBER = re.compile(rb"-?\d+(\.\d+)?")


def answer(request: Request, kinds: Mapping[str, RecordType], rest: list[str]) -> Response:
    """Answer …/record/v1/{type}[/{id}]. Raises VendorError."""
    kind = kinds.get(rest[0])
    if kind is None:
        raise VendorError(404, "NOT_FOUND", f"Record type '{rest[0]}' does not exist.")
    match request.method, rest[1:]:
        case "POST", []:
            return _created(request, kind, _columns(kind, request.body), "")
        case "PUT", [name] if name.startswith("eid:"):
            return _upserted(request, kind, name.removeprefix("eid:"))
        case "GET", [name]:
            return _read(request, kind, _find(kind, name))
        case "PATCH", [name]:
            row = kind.table.change(_find(kind, name).key, _columns(kind, request.body))
            return _done(request, row, name)
        case "DELETE", [name]:
            kind.table.delete(_find(kind, name).key)
            return Response(status=204)
    raise VendorError(405, "METHOD_NOT_ALLOWED", f"{request.method} is not supported at this address.")


def _find(kind: RecordType, name: str) -> Row:
    external = name.removeprefix("eid:")
    if external != name:
        found = _by_external_id(kind, external)
        if found is None:
            raise no_such_record()
        return found
    try:
        return kind.table.find(kind.table.parse_key(name))
    except UnknownError:
        raise no_such_record() from None


def _by_external_id(kind: RecordType, external: str) -> Row | None:
    token = quoted(external)
    return next((row for row in kind.table.rows() if row.columns.get(EXTERNAL) == token), None)


def _upserted(request: Request, kind: RecordType, external: str) -> Response:
    if not _EXTERNAL_ID.fullmatch(external):
        raise invalid("An external id has letters, digits, underscores and hyphens only.", path="externalId")
    columns = _columns(kind, request.body) | {EXTERNAL: quoted(external)}
    row = _by_external_id(kind, external)
    if row is None:
        return _created(request, kind, columns, f"eid:{external}")
    return _done(request, kind.table.change(row.key, columns), f"eid:{external}")


def _created(request: Request, kind: RecordType, columns: dict[str, bytes], asked: str) -> Response:
    missing = [name for name in kind.required if columns.get(name, NULL) == NULL]
    if missing:
        names = ", ".join(kind.names.get(name, name) for name in missing)
        raise VendorError(400, "USER_ERROR", f"Please enter value(s) for: {names}", path=names)
    if EXTERNAL in columns and _by_external_id(kind, text_of(columns[EXTERNAL])):
        raise VendorError(400, "USER_ERROR", "This entity already exists.", path="externalId")
    rows = kind.table.rows()
    number = int(rows[-1].key[0]) + 1 if rows else 1
    if kind.numbered and columns.get(kind.numbered, NULL) == NULL:
        columns = {**columns, kind.numbered: b'"%s%d"' % (kind.rest[:4].upper().encode(), number)}
    return _done(request, kind.table.add({"id": b'"%d"' % number, **columns}), asked)


def _done(request: Request, row: Row, asked: str) -> Response:
    """Answer a write: empty, the record's place only in the header."""
    place = request.url.removesuffix(asked).rstrip("/")
    return Response(status=204, headers={"Location": f"{place}/{row.key[0]}"})


def _columns(kind: RecordType, body: bytes) -> dict[str, bytes]:
    try:
        given = columns_of(body)
    except msgspec.DecodeError as error:
        raise VendorError(400, "INVALID_CONTENT", f"Invalid content in the request body. {error}.") from None
    columns: dict[str, bytes] = {}
    for name, token in given.items():
        column = kind.column(name)
        if name in ("id", "links") or column in ("id", MODIFIED):
            continue
        if column is None and not name.lower().startswith("cust"):
            raise VendorError(400, "NONEXISTENT_FIELD", f"Unknown reference or field: {name}.", path=name)
        columns[column or name.lower()] = _stored(token)
    return columns


def _stored(token: bytes) -> bytes:
    """Turn a value of this API into SuiteQL's: strings, T and F, a reference's id."""
    if token in (b"true", b"false"):
        return b'"T"' if token == b"true" else b'"F"'
    if token.startswith(b"{"):
        return as_string(columns_of(token).get("id", NULL))
    return as_string(token)


def _read(request: Request, kind: RecordType, row: Row) -> Response:
    links = [{"rel": "self", "href": request.url}]
    body = {"links": msgspec.json.encode(links)}
    for column, token in row.columns.items():
        if token != NULL:
            body[kind.names.get(column, column)] = _served(kind, row, column, token)
    modified = quoted(row.modified.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return Response(body=object_of({"lastModifiedDate": modified, **body}))


def _served(kind: RecordType, row: Row, column: str, token: bytes) -> bytes:
    """Turn a stored value into this API's: numbers bare, booleans, references with their name."""
    if column in kind.flags:
        return b"true" if token == b'"T"' else b"false"
    if column in kind.display:
        name = quoted(kind.shown(row, column) or "")
        return object_of({"links": b"[]", "id": as_string(token), "refName": name})
    bare = token.strip(b'"')
    return bare if column in kind.numbers and _NUMBER.fullmatch(bare) else token
