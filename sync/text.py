"""Text as it is stored: NFC, one kind of line ending, no control characters."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from sync.errors import RecordError

CONTROLS = r"[\x00-\x08\x0b-\x1f\x7f]"
"""Taken out after line endings became \\n: all of C0 but tab and line feed (PostgreSQL refuses NUL), and DEL.

C1 (0x80 to 0x9f) stays: it is mostly text decoded with the wrong table, which can still be mended.
"""

_CONTROLS = re.compile(CONTROLS)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean_text(text: str, *, trim: bool | Literal["end"] = True) -> str:
    """The text in its stored form. Raises RecordError bad_unicode for half a surrogate pair."""
    check_unicode(text)
    text = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if trim:
        text = text.rstrip(" ") if trim == "end" else text.strip()
    return unicodedata.normalize("NFC", text)


def storable(text: str) -> bool:
    """Whether PostgreSQL can hold the text: neither NUL nor half a surrogate pair."""
    return not any(character == "\x00" or "\ud800" <= character <= "\udfff" for character in text)


def as_stored(text: str) -> str:
    """The text with U+FFFD for what PostgreSQL can't hold: for words about something, never for the thing itself."""
    return _UNSTORABLE.sub("\ufffd", text)


def check_unicode(text: str) -> None:
    """Raise RecordError bad_unicode where the text cannot be written as UTF-8."""
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        message = f"half a surrogate pair stands alone at character {error.start + 1}"
        raise RecordError(message, code="bad_unicode") from error
