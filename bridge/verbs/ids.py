"""Reads the ids that people paste."""

from __future__ import annotations

from uuid import UUID

from bridge.errors import StartError


def identifier(verb: str, act: str, text: str | None) -> UUID:
    """The id of an act such as `jobs retry ID`; raises StartError (id_missing, id_invalid)."""
    if not text:
        raise StartError("id_missing", f"`bridge {verb} {act}` needs an id: `bridge {verb} list` shows them.")
    try:
        return UUID(text)
    except ValueError:
        sentence = f"{text!r} is not an id: copy one from `bridge {verb} list`."
        raise StartError("id_invalid", sentence) from None
