"""Raw JSON values: the characters of a value as they stand in a document, so that no digit is lost."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

Columns = Mapping[str, bytes]  # column name → raw JSON value
NULL = b"null"

_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])


def columns_of(document: bytes) -> dict[str, bytes]:
    """Split a JSON object into its raw values. Raises msgspec.DecodeError on anything else."""
    return {name: bytes(raw) for name, raw in _decoder.decode(document).items()}


def object_of(columns: Columns) -> bytes:
    """Join raw values into one JSON object."""
    return b"{" + b",".join(quoted(name) + b":" + token for name, token in columns.items()) + b"}"


def quoted(text: str) -> bytes:
    """Give a text as a JSON string."""
    return msgspec.json.encode(text)


def text_of(token: bytes) -> str:
    """Give the content of a JSON string, or the characters of any other value."""
    return str(msgspec.json.decode(token)) if token.startswith(b'"') else token.decode()


def as_string(token: bytes) -> bytes:
    """Put a number or boolean into quotes, digits untouched; strings and null stay."""
    return token if token[:1] in b'"n{[' else b'"' + token + b'"'
