"""What the five layers hand on: columns on their way to canonical text, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from sync.errors import RecordError
from sync.fields import Field
from sync.pipeline.alphabet import Alphabet
from sync.pipeline.batch import Fault

LONGEST_VALUE = 200  # characters of a value that a fault keeps


@dataclass(frozen=True)
class Draft:
    """Rows between two layers: `_row` and a String column for each field, null = none or unreadable."""

    fields: Mapping[str, Field]
    frame: pl.DataFrame
    faults: dict[int, list[Fault]] = field(default_factory=dict)  # by row
    counts: dict[str, int] = field(
        default_factory=dict
    )  # of values changed as declared, such as rounded ones

    alphabets: Mapping[str, Alphabet] = field(default_factory=dict)  # no column here has more than its own

    def of_kind(self, *kinds: str) -> dict[str, Field]:
        """The fields of these kinds."""
        return {name: known for name, known in self.fields.items() if known.kind in kinds}

    def with_columns(self, columns: Iterable[pl.Expr | pl.Series]) -> Draft:
        """The draft with these columns in place of those of the same name."""
        return replace(self, frame=self.frame.with_columns(columns))

    def refuse(self, row: int, error: RecordError, name: str | None = None, value: str | None = None) -> None:
        """Note that a row, or one field of it, could not be read."""
        self.faults.setdefault(row, []).append(fault("normalize", error, name, value))

    def refuse_each(self, name: str, bad: pl.Series, errors: Mapping[str, RecordError]) -> None:
        """Note for each row that is true in `bad` what is wrong with the text it has."""
        for row, value in self.frame.filter(bad).select("_row", name).iter_rows():
            self.refuse(row, errors[value], name, value)


def fault(stage: str, error: RecordError, name: str | None, value: str | None) -> Fault:
    """The fault that an error is, in words that begin with the field."""
    message = f"{name}: {error.message}" if name else error.message
    cut = None if value is None else value.encode(errors="replace").decode()[:LONGEST_VALUE]
    return Fault(stage=stage, code=error.code, message=message, field=name, value=cut)
