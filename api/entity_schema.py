"""The OpenAPI of each declared entity: its own addresses, its fields' types, its filters as parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from api.codes import CODES
from api.paths import PARTS
from sync.fields import Date, Field, Integer, Text, Timestamp
from sync.fields import Json as JsonField
from sync.registry import Registered, registry

Schema = dict[str, Any]

_AGE_HEADERS: Schema = {
    "ETag": "Of this revision; send it as If-None-Match for a 304.",
    "Age": "Seconds since this state was known to hold.",
    "X-Synced-At": "When that was.",
    "X-Fresh-Until": "From then on a read starts a refresh, unless the last one brought a row that failed.",
    "X-Sync-Triggered": "`true`: this request started a refresh. `pending`: one is under way.",
    "X-Sync-Job": "The job that refreshes it.",
}
_PREFER: Schema = {
    "name": "Prefer",
    "in": "header",
    "schema": {"type": "string"},
    "example": "wait=10",
    "description": "Wait up to 30 seconds for a refresh. `Preference-Applied` says what was done.",
}
_AS_OF: Schema = {
    "name": "as_of",
    "in": "query",
    "schema": {"type": "string", "format": "date-time"},
    "description": "As the mirror held it at that moment; lists then go by key. The far end is not asked.",
}
_PARTS = {
    "history": "the versions kept, newest first, each with what it changed",
    "lineage": "job, batch, raw row, stages and hashes behind a version",
}
_PLAIN: dict[str, Schema] = {
    "text": {"type": "string"},
    "integer": {"type": "integer", "format": "int64"},
    "decimal": {"type": "string", "format": "decimal", "description": "Exact; never a float."},
    "money": {"type": "string", "format": "decimal", "description": "Exact; never a float."},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "timestamp": {"type": "string", "format": "date-time"},
    "bytes": {"type": "string", "pattern": "^([0-9a-f]{2})+$", "description": "Hexadecimal digits."},
    "json": {},
}


def entity_paths() -> dict[str, Schema]:
    """Every address of every declared entity."""
    paths: dict[str, Schema] = {}
    for registered in registry:
        for address in addresses(registered):
            paths[address] = {"get": _list_operation(registered, address)}
            paths[f"{address}/{{key}}"] = {"get": _record_operation(registered, address)}
            for part in PARTS:
                paths[f"{address}/{{key}}/{part}"] = {"get": _part_operation(registered, address, part)}
    return paths


def entity_components(mapped: Mapping[str, Registered]) -> dict[str, Schema]:
    """The data, the record and the list of every declared entity; `mapped` are those with a mapping in force."""
    components: dict[str, Schema] = {}
    for registered in registry:
        path = registered.path
        components[f"{path}.data"] = data_schema(registered, mapped.get(path, registered))
        components[path] = _record_schema(_ref(f"{path}.data"))
        components[f"{path}.list"] = _list_schema(_ref(path))
    return components


def addresses(registered: Registered) -> Iterator[str]:
    """The address with the system, and the bare one where the entity owns its name."""
    yield f"/api/v1/{registered.path.replace('.', '/')}"
    if registered.entity.owns_name:
        yield f"/api/v1/{registered.entity.name}"


def data_schema(declared: Registered, mapped: Registered) -> Schema:
    """The entity's fields, as declared and as mapped: records are served that either has made."""
    one, other = _properties(declared), _properties(mapped)
    properties = {name: _either({**other, **one}[name], {**one, **other}[name]) for name in {**one, **other}}
    required = [name for name in _required(declared) if name in _required(mapped)]
    schema: Schema = {"type": "object", "title": declared.label, "properties": properties}
    return schema | ({"required": required} if required else {})


def _properties(registered: Registered) -> dict[str, Schema]:
    fields = {name: field_schema(name, field) for name, field in registered.entity.fields.items()}
    return fields | {name: {"type": "string", "nullable": True} for name in registered.entity.computed}


def _either(one: Schema, other: Schema) -> Schema:
    """What holds for values of both."""
    shared = {name: value for name, value in one.items() if other.get(name) == value}
    return shared | ({"nullable": True} if one.get("nullable") or other.get("nullable") else {})


def _required(registered: Registered) -> list[str]:
    entity = registered.entity
    return [name for name, field in entity.fields.items() if field.required or name in entity.key]


def field_schema(name: str, field: Field) -> Schema:
    """One field as JSON has it."""
    schema = dict(_PLAIN[field.kind])
    if isinstance(field, Integer) and field.wide:
        schema = {"type": "string", "pattern": "^-?[0-9]+$"}
    if isinstance(field, Text) and field.max_length:
        schema["maxLength"] = field.max_length
    if field.allowed and isinstance(field, Text | Date | Timestamp):
        schema["enum"] = list(field.allowed) if field.required else [*field.allowed, None]
    if field.label:
        schema["title"] = field.label
    if not field.required and not isinstance(field, JsonField):
        schema["nullable"] = True
    return schema


def _record_schema(data: Schema) -> Schema:
    moment: Schema = {"type": "string", "format": "date-time"}
    properties = {
        "key": {"type": "string", "description": "As in the URL: parts percent-encoded, joined by commas."},
        "revision": {"type": "integer", "description": "Counts the versions seen."},
        "synced_at": {
            **moment,
            "nullable": True,
            "description": "When the far end was asked for this state; null for past states (as_of).",
        },
        "changed_at": moment,
        "deleted_at": {**moment, "nullable": True},
        "data": data,
    }
    properties["mapping"] = {
        "type": "integer",
        "description": "The mapping that made it, 0 = the declaration alone.",
    }
    required = list(properties)
    properties["valid_to"] = {**moment, "nullable": True, "description": "With as_of: until when it stood."}
    return {"type": "object", "properties": properties, "required": required}


def _list_schema(item: Schema) -> Schema:
    after = {"type": "string", "nullable": True, "description": "Pass it as `after` for the next page."}
    properties: Schema = {"items": {"type": "array", "items": item}, "next": after}
    required = list(properties)
    unkept = {"key": {"type": "string"}, "kept_from": {"type": "string", "format": "date-time"}}
    properties["not_kept"] = {
        "type": "array",
        "items": {"type": "object", "properties": unkept, "required": list(unkept)},
        "description": "With as_of: records of which no version of that moment is kept, whatever the filters.",
    }
    return {"type": "object", "properties": properties, "required": required}


def _list_operation(registered: Registered, address: str) -> Schema:
    filters = [
        _parameter(name, f"Exactly this {name}.", {"type": "string"}) for name in registered.entity.filters
    ]
    paging = [
        _parameter("updated_since", "Only what changed since.", {"type": "string", "format": "date-time"}),
        _parameter(
            "limit", "Rows at most.", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50}
        ),
        _parameter("after", "`next` of the page before.", {"type": "string"}),
        _parameter("include_deleted", "The deleted ones too.", {"type": "boolean", "default": False}),
        _AS_OF,
    ]
    return {
        **_operation(registered, address, "list", f"{registered.label}: list, oldest change first"),
        "parameters": [*filters, *paging, _PREFER],
        "responses": {
            "200": _answer(
                "A page. A stale list starts one incremental sync.", _ref(f"{registered.path}.list")
            ),
            "304": {"description": "Nothing changed since that ETag."},
            **_refusals(400, 401, 403, 503),
        },
    }


def _key_parameter(registered: Registered) -> Schema:
    return {
        "name": "key",
        "in": "path",
        "required": True,
        "schema": {"type": "string"},
        "description": f"{', '.join(registered.entity.key)}: parts percent-encoded, joined by commas.",
    }


def _part_operation(registered: Registered, address: str, part: str) -> Schema:
    parameters = [
        _parameter("limit", "Versions at most.", {"type": "integer", "minimum": 1, "maximum": 1000}),
        _parameter("after", "`next` of the page before.", {"type": "string"}),
    ]
    if part == "lineage":
        parameters = [_parameter("revision", "The current one by default.", {"type": "integer"})]
    return {
        **_operation(registered, address, part, f"{registered.label}: {_PARTS[part]}"),
        "parameters": [_key_parameter(registered), *parameters],
        "responses": {
            "200": {
                "description": _PARTS[part],
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            **_refusals(400, 401, 403, 404, 503),
        },
    }


def _record_operation(registered: Registered, address: str) -> Schema:
    return {
        **_operation(registered, address, "read", f"{registered.label}: one by its key"),
        "parameters": [_key_parameter(registered), _AS_OF, _PREFER],
        "responses": {
            "200": _answer("The record. A stale one starts one refresh.", _ref(registered.path)),
            "202": {
                "description": "Not here yet: Location is the job that asks, Retry-After when to come back."
            },
            "304": {"description": "You have this revision."},
            **_refusals(400, 401, 403, 404, 410, 503),
        },
    }


def _operation(registered: Registered, address: str, act: str, summary: str) -> Schema:
    name = address.removeprefix("/api/v1/").replace("/", "_")
    return {
        "operationId": f"records_{name}_{act}",
        "tags": [registered.path],
        "summary": summary,
        "security": [{"token": []}],
    }


def _parameter(name: str, words: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "description": words, "schema": schema}


def _answer(words: str, schema: Schema) -> Schema:
    headers = {
        name: {"schema": {"type": "string"}, "description": told} for name, told in _AGE_HEADERS.items()
    }
    return {"description": words, "headers": headers, "content": {"application/json": {"schema": schema}}}


def _refusals(*statuses: int) -> dict[str, Schema]:
    content = {"application/json": {"schema": _ref("Error")}}
    return {str(status): {"description": _codes_of(status), "content": content} for status in statuses}


def _codes_of(status: int) -> str:
    return ", ".join(code for code, (of, _) in CODES.items() if of == status)


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
