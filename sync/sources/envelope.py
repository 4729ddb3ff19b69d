"""Splits an answer into its rows, each with its bytes exactly as received."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from sync.errors import TransientError
from sync.http import Answer
from sync.sources import Json
from sync.sources.splitting import place_of

_Value = list[msgspec.Raw] | dict[str, Json] | str | int | float | bool | None
_envelopes = msgspec.json.Decoder(dict[str, _Value])  # one pass: arrays stay bytes, the rest is read
_objects = msgspec.json.Decoder(dict[str, msgspec.Raw])
_rows = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """An answer's rows, and what stands around them."""

    rows: Sequence[bytes]
    parts: Mapping[str, Json]  # the outermost names, what lies deeper as JSON or read already
    what: str  # the request, for messages

    def value(self, name: str) -> Json:
        """The value under a name, dotted where it lies deeper; None where there is none."""
        found: Json = self.parts
        for part in name.split("."):
            if isinstance(found, msgspec.Raw):
                found = msgspec.json.decode(found)
            found = found.get(part) if isinstance(found, Mapping) else None
        return msgspec.json.decode(found) if isinstance(found, msgspec.Raw) else found

    def number(self, name: str) -> int:
        """A whole number under a name. Raises TransientError (bad_envelope) where there is none."""
        try:
            found = self.value(name)
        except msgspec.DecodeError:  # beyond what a float holds
            found = None
        if isinstance(found, int) and not isinstance(found, bool):
            return found
        raise TransientError(f"{self.what} has no whole number in `{name}`.", code="bad_envelope")


def opened(answer: Answer, items: str | None) -> Envelope:
    """The envelope of a page: rows in the array `items`, dotted where it lies deeper; None = the answer.

    Raises TransientError (bad_envelope), naming what was expected.
    """
    what = f"{answer.system}'s answer to {answer.address}"
    envelope = _opened(answer.body, items, what) or _split(answer.body, items, what)
    if envelope is not None:
        return envelope
    expected = f"a JSON object with an array `{items}`" if items is not None else "a JSON array"
    raise TransientError(f"{what} is not {expected}. It begins: {beginning(answer)}", code="bad_envelope")


def _opened(body: bytes, items: str | None, what: str) -> Envelope | None:
    try:
        if items is not None and (envelope := _in_one_pass(body, items, what)):
            return envelope
        parts = _objects.decode(body) if items is not None else {}
        array = under(parts, items) if items is not None else msgspec.Raw(body)
        if array is not None:
            return Envelope(rows=[bytes(raw) for raw in _rows.decode(array)], parts=parts, what=what)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # perhaps because of one of its rows
    return None


def _split(body: bytes, items: str | None, what: str) -> Envelope | None:
    """Rows that are not looked into; what stands around them is read as strictly as ever."""
    place = place_of(body, items.split(".") if items is not None else ())
    rows = place.elements(body) if place and body[place.start : place.start + 1] == b"[" else None
    if place is None or rows is None:
        return None
    bare = _opened(body[: place.start] + b"[]" + body[place.end :], items, what)
    return bare and replace(bare, rows=rows)


def _in_one_pass(body: bytes, items: str, what: str) -> Envelope | None:
    """Half the time of the way in two steps; None where the envelope is an unusual one."""
    try:
        parts = _envelopes.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    rows = parts.pop(items, None)
    if not isinstance(rows, list):
        return None
    return Envelope(rows=[bytes(raw) for raw in rows], parts=parts, what=what)


def beginning(answer: Answer) -> str:
    """The first characters of an answer, for messages."""
    return answer.excerpt()[:120] or "(nothing)"


def under(parts: Mapping[str, msgspec.Raw], name: str) -> msgspec.Raw | None:
    """The value under a name, dotted where it lies deeper; None where there is none. Raises DecodeError."""
    head, _, rest = name.partition(".")
    raw = parts.get(head)
    if raw is None or not rest:
        return raw
    return under(_objects.decode(raw), rest)
