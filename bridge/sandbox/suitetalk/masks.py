"""Oracle's date masks, as TO_CHAR and TO_DATE take them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_PARTS = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH24": "%H", "MI": "%M", "SS": "%S"}
_MASK = re.compile("|".join(sorted(_PARTS, key=len, reverse=True)), re.IGNORECASE)


def strftime_format(mask: str) -> str:
    """Translate a mask such as YYYY-MM-DD HH24:MI:SS. Raises ValueError on parts that are not known."""
    rest = _MASK.sub("", mask.replace('"T"', "").replace('"Z"', ""))
    if re.search(r"[A-Za-z%]", rest):
        raise ValueError(f"the date format {mask!r} is not supported")
    return _MASK.sub(lambda found: _PARTS[found[0].upper()], mask).replace('"', "")


def write(moment: datetime, mask: str) -> str:
    """Write a moment by a mask."""
    return moment.strftime(strftime_format(mask))


def read(text: str, mask: str) -> datetime:
    """Read a moment (UTC) by a mask. Raises ValueError."""
    return datetime.strptime(text, strftime_format(mask)).replace(tzinfo=UTC)


def in_user_format(moment: datetime) -> str:
    """Write a bare date as the user's preferences have it: 8/25/1997."""
    return f"{moment.month}/{moment.day}/{moment.year}"
