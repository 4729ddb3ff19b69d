"""Records and failures as tests compare them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from sync.pipeline.batch import Fault

One = TypeVar("One")
Row = dict[str, Any]
"""A record as the API serves it: decimals, dates and moments are text."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Failure:
    """A row that was set aside, with the first thing that is wrong with it."""

    stage: str  # normalize, validate, map, identity; in the database also resolve and ingest
    code: str  # stable, such as required, unreadable_number, too_long
    field: str | None  # ours
    message: str
    value: str | None = None  # what was found
    faults: int = 1  # how many things are wrong with it
    row: Any = dataclasses.field(
        default=None, repr=False
    )  # as the far end sent it: JSON, or bytes where it is none

    @classmethod
    def of(cls, fault: Fault, raw: bytes, faults: int) -> Failure:
        """That of a row set aside."""
        return cls(
            stage=fault.stage,
            code=fault.code,
            field=fault.field,
            message=fault.message,
            value=fault.value,
            faults=faults,
            row=sent(raw),
        )


class Counts(dict[str, int]):
    """What a job counted. A number that is asked for where it did not end well says why."""

    why: str = ""

    def __missing__(self, name: str) -> int:
        told = f"It did not end well: {self.why}" if self.why else f"There are {', '.join(sorted(self))}."
        raise AssertionError(f"No {name!r} was counted. {told}")


def row_of(text: str) -> Row:
    """Served JSON; its numbers are whole ones."""
    found: Row = json.loads(text)
    return found


def sent(raw: bytes) -> Any:
    """A raw row as JSON, numbers as they were written; bytes where it is none."""
    try:
        return json.loads(raw, parse_float=str)
    except (ValueError, RecursionError):
        return raw


def only(found: Sequence[One], values: Mapping[str, Any], what: str) -> One:
    """The one that has these values. Raises AssertionError with those there are."""
    fitting = [one for one in found if all(_value(one, name) == value for name, value in values.items())]
    if len(fitting) == 1:
        return fitting[0]
    there = "\n".join(f"  {one}" for one in found[:20]) or "  (none)"
    raise AssertionError(f"{len(fitting)} {what}s have {dict(values)}, not one. There are:\n{there}")


def _value(one: Any, name: str) -> Any:
    return one.get(name) if isinstance(one, Mapping) else getattr(one, name, None)
