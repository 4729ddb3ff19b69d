"""Things asked of rows: which of them break a constraint, and the faults that say so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from sync.errors import ConfigError
from sync.pipeline.batch import Fault
from sync.pipeline.normalize.draft import LONGEST_VALUE


def _always(_: str) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Constraint:
    """One thing asked of a row. Where `broken` asks too much, `certain` looks at the exact value."""

    code: str
    broken: pl.Expr
    message: Callable[[str], str]  # of the value found ("" for none)
    field: str | None = None
    reads: frozenset[str] = frozenset()  # the fields without which the question makes no sense
    certain: Callable[[str], bool] = _always


def faults_of(
    frame: pl.DataFrame,
    constraints: Sequence[Constraint],
    stage: str,
    noted: Mapping[int, Sequence[Fault]],
) -> dict[int, list[Fault]]:
    """The faults of each row that breaks something, but for what the faults noted before leave open.

    Raises ConfigError where a constraint cannot be asked of the columns.
    """
    faults: dict[int, list[Fault]] = {}
    for constraint in _broken_somewhere(frame, constraints):
        columns = ["_row"] if constraint.field is None else ["_row", constraint.field]
        for row, *found in frame.filter(constraint.broken).select(columns).iter_rows():
            value = found[0] if found else None
            if _unread(noted.get(row, ()), constraint) or (value and not constraint.certain(value)):
                continue
            faults.setdefault(row, []).append(_fault(stage, constraint, value))
    return faults


def _broken_somewhere(frame: pl.DataFrame, constraints: Sequence[Constraint]) -> list[Constraint]:
    if not constraints or frame.is_empty():
        return []
    try:
        broken = frame.select(
            constraint.broken.fill_null(value=False).any().alias(str(at))
            for at, constraint in enumerate(constraints)
        )
    except pl.exceptions.PolarsError as error:
        message = f"A rule or pattern of this entity cannot be asked of its columns: {error}"
        raise ConfigError(message) from error
    return [constraint for constraint, found in zip(constraints, broken.row(0), strict=True) if found]


def _unread(noted: Sequence[Fault], constraint: Constraint) -> bool:
    """Whether the row, or a field the constraint is about, could not even be read."""
    return any(fault.field is None or fault.field in constraint.reads for fault in noted)


def _fault(stage: str, constraint: Constraint, value: str | None) -> Fault:
    return Fault(
        stage=stage,
        code=constraint.code,
        message=constraint.message(value or ""),
        field=constraint.field,
        value=None if value is None else value[:LONGEST_VALUE],
    )
