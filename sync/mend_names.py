"""Which names a mend may have: a value laid under another one would be read by nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from sync.errors import InvalidRequest
from sync.registry import Registered


def refuse_unread(of: Registered, names: Iterable[str], columns: Collection[str] | None) -> None:
    """Raise InvalidRequest (bad_mend) for names that nothing reads.

    `columns` are those that the row came with, where it failed in normalize and is read again; None where it
    was read, and runs again with our fields.
    """
    sources = {name: field.source or name for name, field in of.entity.fields.items()}
    there = list(sources) if columns is None else list(dict.fromkeys([*sources.values(), *columns]))
    unread = [name for name in names if name not in there]
    if unread:
        told = " ".join(_sentence(name, sources, there, renamed=columns is not None) for name in unread)
        raise InvalidRequest(f"{told} The names are {', '.join(sorted(there))}.", code="bad_mend")


def _sentence(name: str, sources: dict[str, str], there: list[str], *, renamed: bool) -> str:
    if renamed and name in sources:
        return f"{name} is read from {sources[name]}: mend that."
    ours = next((field for field, source in sources.items() if source == name), None)
    if ours:
        return f"{name} was read into {ours}: mend that."
    near = get_close_matches(name, there, n=1)
    return f"Nothing reads {name!r}{f': did you mean {near[0]}?' if near else '.'}"
