"""The events of a webhook's body: rows, keys to ask for, deletes. Reads only; the same body gives the same events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import msgspec

from sync.canonical import LARGEST_EXACT, canonical
from sync.declare import Webhook
from sync.errors import InvalidRequest, RecordError
from sync.fields import Integer
from sync.registry import Registered
from sync.sources.envelope import under

MOST_EVENTS = 1_000
_MILLISECONDS = 1e11
"""A number above this counts milliseconds: as seconds it would lie in the year 5138."""
Event = Mapping[str, msgspec.Raw]


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldRow:
    """A record as the far end sent it."""

    raw: bytes
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldDelete:
    """A record that the far end has no more."""

    key: Mapping[str, str]  # canonical text
    at: datetime
    version: int = 0  # 0 = not told


@dataclass(kw_only=True, slots=True)
class Told:
    """What a body tells."""

    rows: list[ToldRow] = field(default_factory=list)
    keys: list[Mapping[str, str]] = field(default_factory=list)  # changed; the far end is asked for each
    deletes: list[ToldDelete] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """How many of each."""
        return {"rows": len(self.rows), "keys": len(self.keys), "deletes": len(self.deletes)}


def read(registered: Registered, body: bytes, *, sent_at: datetime, received_at: datetime) -> Told:
    """The events of a body. Raises InvalidRequest (bad_json, bad_webhook, key_missing, invalid_key).

    An event is as old as it says, else as its signature; never younger than its arrival: of two clocks ours counts.
    """
    webhook = registered.entity.webhook
    assert webhook is not None, "the entity has no webhook"
    told = Told()
    for event in _events(webhook, body):
        try:
            _take(told, registered, event, partial(_age, webhook, event, sent_at, received_at))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            message = "An event has another form than declared: a name leads into what is no object."
            raise InvalidRequest(message, code="bad_webhook") from None
    return told


def served_key(registered: Registered, key: Mapping[str, str]) -> dict[str, str | int]:
    """The key as data has it."""
    return {name: _served(registered, name, text) for name, text in key.items()}


def _take(told: Told, registered: Registered, event: Event, age: Callable[[], datetime]) -> None:
    webhook = registered.entity.webhook
    assert webhook is not None
    if webhook.act is not None and _text(event, webhook.act) in webhook.deleted:
        version = _version(webhook, event)
        told.deletes.append(ToldDelete(key=_key(registered, webhook, event), at=age(), version=version))
        return
    row = None if webhook.row is None else under(event, webhook.row)
    if row is None or bytes(row) == b"null":
        told.keys.append(_key(registered, webhook, event))
    else:
        told.rows.append(ToldRow(raw=bytes(row), at=age()))


def _age(webhook: Webhook, event: Event, sent_at: datetime, received_at: datetime) -> datetime:
    return min(_moment(webhook, event) or sent_at, received_at)


def _events(webhook: Webhook, body: bytes) -> list[dict[str, msgspec.Raw]]:
    try:
        if webhook.events is None:
            return [msgspec.json.decode(body, type=dict[str, msgspec.Raw])]
        array = under(msgspec.json.decode(body, type=dict[str, msgspec.Raw]), webhook.events)
        found = msgspec.json.decode(array or b"null", type=list[dict[str, msgspec.Raw]])
    except msgspec.ValidationError:
        what = "one JSON object" if webhook.events is None else f"an array of objects in `{webhook.events}`"
        raise InvalidRequest(f"The body must have {what}.", code="bad_webhook") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidRequest("The body is not JSON that can be read.", code="bad_json") from None
    if not 1 <= len(found) <= MOST_EVENTS:
        message = f"The body has {len(found)} events: send 1 to {MOST_EVENTS}."
        raise InvalidRequest(message, code="bad_webhook")
    return found


def _key(registered: Registered, webhook: Webhook, event: Event) -> dict[str, str]:
    key: dict[str, str] = {}
    for name in registered.entity.key:
        text = _text(event, webhook.key[name])
        if text is None:
            message = f"An event has no `{webhook.key[name]}`, the {name} of the record it is about."
            raise InvalidRequest(message, code="key_missing")
        try:
            value = canonical(registered.entity.fields[name], text)
        except RecordError as error:
            raise InvalidRequest(f"`{webhook.key[name]}`: {error.message}.", code="invalid_key") from None
        if value is None:
            raise InvalidRequest(f"`{webhook.key[name]}` is blank.", code="key_missing")
        key[name] = value
    return key


def _version(webhook: Webhook, event: Event) -> int:
    text = None if webhook.version is None else _text(event, webhook.version)
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and int(text) < 2**63):
        raise InvalidRequest(f"`{webhook.version}` is not a version's number.", code="bad_webhook")
    return int(text)


def _moment(webhook: Webhook, event: Event) -> datetime | None:
    text = None if webhook.at is None else _text(event, webhook.at)
    if webhook.at is None:
        return None
    try:
        if text is None:
            raise ValueError
        if text[:1].isdigit() and text.replace(".", "", 1).isdigit():
            seconds = float(text)
            return datetime.fromtimestamp(seconds / 1000 if seconds > _MILLISECONDS else seconds, UTC)
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        message = f"`{webhook.at}` of an event is no moment: ISO 8601, or seconds since 1970."
        raise InvalidRequest(message, code="bad_webhook") from None


def _text(event: Event, path: str) -> str | None:
    """A plain value's text, digits as they were written; None where there is none."""
    raw = under(event, path)
    if raw is None or bytes(raw) == b"null":
        return None
    token = bytes(raw).decode()
    return msgspec.json.decode(raw, type=str) if token.startswith('"') else token


def _served(registered: Registered, name: str, text: str) -> str | int:
    field = registered.entity.fields[name]
    if isinstance(field, Integer) and not field.wide and abs(int(text)) <= LARGEST_EXACT:
        return int(text)
    return text
