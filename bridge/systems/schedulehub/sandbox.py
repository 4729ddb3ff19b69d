"""The ScheduleHub of the sandbox: collections with its own ids, required parents and a unique key of ours."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from bridge import env
from bridge.sandbox.exchange import Request, Response, json_response
from bridge.sandbox.store import Store, Table
from bridge.sandbox.view import View
from bridge.sandbox.webhooks import Sender
from bridge.systems.schedulehub.shelf import KEY, HubError, Shelf

# No secret: it opens the sandbox only.
CREDENTIALS = {"SCHEDULEHUB_TOKEN": "sandbox-schedulehub-token-not-secret"}
PARENTS: dict[str, dict[str, str]] = {
    "customers": {},
    "items": {},
    "orders": {"customer_id": "customers"},
    "order_lines": {"order_id": "orders", "item_id": "items"},
}
"""Collection → its columns that hold an id of another one."""
MOST_AT_ONCE = 1000
_WORDS = {429: "Too many requests.", 500: "Something went wrong on our side."}


class _Operation(msgspec.Struct):
    op: str
    id: int | None = None
    body: dict[str, msgspec.Raw] = {}


class _Batch(msgspec.Struct):
    operations: list[_Operation]


class _Keys(msgspec.Struct):
    erp_key_hashes: list[str]


class ScheduleHub:
    """Answers POST, PATCH and DELETE on four collections, in batches too, and what serves finding and comparing."""

    name = "schedulehub"
    concurrent: int | None = None
    sender: Sender | None = None

    def __init__(self, token: str) -> None:
        self._token = token
        self._lock = threading.RLock()
        self.store = Store(*(Table(name=name, key={"id": int}, load=list) for name in PARENTS))
        self._shelves: dict[str, Shelf] = {}
        for name, parents in PARENTS.items():
            self._shelves[name] = Shelf(self.store.table(name), parents, self._shelves)

    def entity_of(self, request: Request) -> str | None:
        """Name the collection from the path."""
        return request.path.strip("/").partition("/")[0] or None

    def refusal(self, status: int) -> Response:
        """Refuse under load (429) or in trouble (500)."""
        return _error(HubError(status, f"HTTP_{status}", _WORDS[status]))

    def answer(self, request: Request, view: View) -> Response:
        """Answer a request; one at a time changes rows."""
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            return _error(HubError(401, "UNAUTHORIZED", "The bearer token is missing or wrong."))
        try:
            with self._lock:
                return self._route(request)
        except HubError as error:
            return _error(error)
        except msgspec.DecodeError as error:
            return _error(HubError(400, "BAD_REQUEST", f"The body is not understood: {error}."))

    def _route(self, request: Request) -> Response:
        parts = [part for part in request.path.split("/") if part]
        if parts == ["health"]:
            return json_response({"status": "ok"})
        if not parts or parts[0] not in self._shelves:
            raise HubError(404, "NOT_FOUND", f"There is nothing at {request.path}.")
        shelf, rest = self._shelves[parts[0]], parts[1:]
        match request.method, rest:
            case "POST", []:
                return self._single(shelf, _Operation(op="create", body=_body(request)), request)
            case "PATCH", [number]:
                return self._single(
                    shelf, _Operation(op="update", id=_id(number), body=_body(request)), request
                )
            case "DELETE", [number]:
                return self._single(shelf, _Operation(op="delete", id=_id(number)), request)
            case "GET", [number] if number.isdigit():
                return Response(body=shelf.shown(_id(number)))
            case _, [act] if (request.method, act) in _ACTS:
                return _ACTS[request.method, act](self, shelf, request)
        raise HubError(405, "METHOD_NOT_ALLOWED", f"{request.method} is not supported at {request.path}.")

    def _single(self, shelf: Shelf, operation: _Operation, request: Request) -> Response:
        status, document = self._apply(shelf, operation, request)
        return json_response(document, status)

    def _batch(self, shelf: Shelf, request: Request) -> Response:
        batch = msgspec.json.decode(request.body, type=_Batch)
        if len(batch.operations) > MOST_AT_ONCE:
            raise HubError(413, "TOO_MANY_ROWS", f"A batch has at most {MOST_AT_ONCE} operations.")
        results = []
        for operation in batch.operations:
            key = shelf.key_of(operation.id, operation.body)
            try:
                status, document = self._apply(shelf, operation, request)
            except HubError as error:
                status, document = error.status, error.document()
            results.append({"status": status, KEY: key, **document})
        return json_response({"results": results})

    def _apply(self, shelf: Shelf, operation: _Operation, request: Request) -> tuple[int, Mapping[str, Any]]:
        if operation.op == "create":
            return shelf.create(operation.body, idempotent="idempotent" in request.moods)
        if operation.id is None:
            raise HubError(400, "ID_MISSING", f"{operation.op} needs the id of the row.")
        if operation.op == "update":
            return shelf.update(operation.id, operation.body)
        if operation.op == "delete":
            return shelf.delete(operation.id)
        raise HubError(400, "BAD_OPERATION", f"There is no operation {operation.op!r}.")

    def _lookup(self, shelf: Shelf, request: Request) -> Response:
        keys = msgspec.json.decode(request.body, type=_Keys).erp_key_hashes
        return json_response({"items": shelf.marks(keys)})

    def _ranges(self, shelf: Shelf, request: Request) -> Response:
        return json_response({"ranges": shelf.ranges()})

    def _held(self, shelf: Shelf, request: Request) -> Response:
        return json_response({"items": shelf.held(request.query.get("prefix", ""))})


_ACTS: dict[tuple[str, str], Callable[[ScheduleHub, Shelf, Request], Response]] = {
    ("POST", "batch"): ScheduleHub._batch,
    ("POST", "lookup"): ScheduleHub._lookup,
    ("GET", "ranges"): ScheduleHub._ranges,
    ("GET", "held"): ScheduleHub._held,
}


def far_end() -> ScheduleHub:
    """Make the far end, empty as it is at the start."""
    return ScheduleHub(env.secret("SCHEDULEHUB_TOKEN", CREDENTIALS["SCHEDULEHUB_TOKEN"]))


def _body(request: Request) -> dict[str, msgspec.Raw]:
    return msgspec.json.decode(request.body, type=dict[str, msgspec.Raw])


def _id(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise HubError(404, "NOT_FOUND", f"There is no row {text}.")
    return int(text)


def _error(error: HubError) -> Response:
    return json_response(error.document(), error.status, error.code)
