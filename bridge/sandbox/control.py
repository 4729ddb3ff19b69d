"""The sandbox's own pages, from this machine only: moods, changes to rows, the journal, the effects."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from bridge.sandbox.effects import counts
from bridge.sandbox.exchange import Request, Response, json_response
from bridge.sandbox.generate import Wanted, generate
from bridge.sandbox.moods import Mood
from bridge.sandbox.mount import Mount
from bridge.sandbox.store import Row, StoreError, Table, UnknownError, key_text
from bridge.sandbox.tokens import columns_of, object_of, quoted
from bridge.sandbox.webhooks import Release, Sender, Setting


class Control:
    """Answers everything under /_control."""

    def __init__(self, mounts: Mapping[str, Mount]) -> None:
        self._mounts = mounts

    def answer(self, request: Request) -> Response:
        """Answer one control request; what is wrong with it is said in `error`."""
        if not ipaddress.ip_address(request.client).is_loopback:
            return json_response({"error": "/_control answers this machine only"}, 403)
        try:
            return self._route(request)
        except StoreError as error:
            return json_response({"error": str(error)}, error.status)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
            return json_response({"error": f"not understood: {error}"}, 400)

    def _route(self, request: Request) -> Response:
        match request.method, [part for part in request.path.split("/") if part]:
            case "GET", []:
                return json_response({name: self._state(mount) for name, mount in self._mounts.items()})
            case "POST", ["reset"]:
                for mount in self._mounts.values():
                    mount.reset()
                return json_response({"reset": list(self._mounts)})
            case method, [system, "webhooks", *rest] if sender := self._sender(system):
                return self._for_webhooks(sender, method, rest, request)
            case method, [system, *rest] if system in self._mounts:
                return self._for_system(self._mounts[system], method, rest, request)
        raise UnknownError(f"no such control: {request.method} /_control{request.path}")

    def _for_system(self, mount: Mount, method: str, parts: list[str], request: Request) -> Response:
        match method, parts:
            case "GET", []:
                return json_response(self._state(mount))
            case "POST", ["reset"]:
                mount.reset()
                return json_response({"reset": [mount.far_end.name]})
            case "GET", ["log" | "effects" | "mood" as page]:
                return json_response(self._kept(mount, page, request.query))
            case "POST", ["mood"]:
                return self._switch(mount, request)
            case _, [entity, *rest]:
                answer = self._for_rows if rest in ([], ["generated"]) else self._for_row
                return answer(mount.far_end.store.table(entity), method, rest, request)
        raise UnknownError(f"no such control: {method} /_control{request.path}")

    def _kept(self, mount: Mount, page: str, query: Mapping[str, str]) -> dict[str, Any]:
        """What was asked, what that did to rows, or the moods in force."""
        if page == "mood":
            return self._moods(mount)
        if page == "log":
            return {"requests": mount.journal.since(float(query.get("since", 0)))}
        by = tuple(name for name in query.get("by", "").split(",") if name)
        found = mount.effects.since(int(query.get("after", 0)), query.get("entity"), query.get("event"))
        return {"counts": counts(found, by), "effects": [effect.told() for effect in found]}

    def _sender(self, system: str) -> Sender | None:
        return self._mounts[system].far_end.sender if system in self._mounts else None

    def _for_webhooks(self, sender: Sender, method: str, parts: list[str], request: Request) -> Response:
        match method, parts:
            case "GET", []:
                return json_response(sender.state())
            case "POST", []:
                sender.switch(msgspec.json.decode(request.body, type=Setting))
                return json_response(sender.state())
            case "POST", ["release"]:
                wanted = msgspec.json.decode(request.body or b"{}", type=Release)
                return json_response({"sent": [one.told() for one in sender.release(wanted)]})
        raise UnknownError(f"no such control: {method} /_control{request.path}")

    def _for_rows(self, table: Table, method: str, parts: list[str], request: Request) -> Response:
        match method, parts:
            case "POST", []:
                return _row_response(table.add(columns_of(request.body)), 201)
            case "POST", ["generated"]:
                return json_response(generate(table, msgspec.json.decode(request.body, type=Wanted)))
            case "GET", []:
                return _rows_response(table.matching(request.query))
            case "PATCH", [] if request.query:
                columns, rows = columns_of(request.body), table.matching(request.query)
                if not rows:
                    raise UnknownError(f"{table.name} has no row with {request.query}")
                return _rows_response([table.change(row.key, columns) for row in rows])
        raise UnknownError(f"no such control: {method} /_control{request.path}")

    def _for_row(self, table: Table, method: str, parts: list[str], request: Request) -> Response:
        match method, parts:
            case "GET", [key]:
                return _row_response(table.find(table.parse_key(key)))
            case "PATCH", [key]:
                return _row_response(table.change(table.parse_key(key), columns_of(request.body)))
            case "DELETE", [key]:
                return _row_response(table.delete(table.parse_key(key)))
        raise UnknownError(f"no such control: {method} /_control{request.path}")

    def _switch(self, mount: Mount, request: Request) -> Response:
        mood = msgspec.json.decode(request.body, type=Mood, strict=False)
        if mood.entity is not None:
            table = mount.far_end.store.table(mood.entity)
            mood = msgspec.structs.replace(mood, entity=table.name)
            if unknown := [old for old in mood.renamed if table.column(old) not in table.columns]:
                raise UnknownError(f"{table.name} has no column {unknown[0]!r}")
        mount.moods.switch(mood)
        return json_response(self._moods(mount))

    def _state(self, mount: Mount) -> dict[str, Any]:
        rows = {table.name: len(table.rows()) for table in mount.far_end.store.tables}
        return {"rows": rows, "requests": mount.journal.counts(), **self._moods(mount)}

    def _moods(self, mount: Mount) -> dict[str, Any]:
        """The moods in force and, where rows are dirty, which rows and how."""
        in_force, dirty = mount.moods.all(), {}
        for table in mount.far_end.store.tables:
            for met in in_force:
                if met.mood.name == "dirty" and met.mood.entity in (None, table.name):
                    dirty[table.name] = met.dirt.kinds(table)
        return {"moods": [met.mood for met in in_force], "dirty": dirty}


def _row_response(row: Row, status: int = 200) -> Response:
    return replace(json_response(None, status), body=_shown(row))


def _rows_response(rows: list[Row]) -> Response:
    return replace(json_response(None), body=b'{"rows":[%s]}' % b",".join(map(_shown, rows)))


def _shown(row: Row) -> bytes:
    facts = {
        "key": quoted(key_text(row.key)),
        "modified": quoted(row.modified.isoformat()),
        "version": str(row.version).encode(),
        "columns": object_of(row.columns),
    }
    return object_of(facts)
