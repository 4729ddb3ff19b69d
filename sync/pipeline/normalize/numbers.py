"""Layer 3, numbers: "1,000.50", "€ 10", "(5)", "1e3" to exact plain decimals; Integer takes whole ones only.

What is canonical already stays. What is written plainly, in groups or with a currency goes by expression; each
distinct other form is read once by `number`.
"""

from __future__ import annotations

import polars as pl

from sync.canonical import FORMS
from sync.errors import RecordError
from sync.fields import Decimal, Field, Money
from sync.number import MOST_DIGITS, PLAIN, number
from sync.pipeline.normalize.draft import Draft
from sync.pipeline.normalize.patch import patched
from sync.pipeline.normalize.rounding import rounded

WHOLE = r"^-?(?:0|[1-9][0-9]*)$"
GROUPED = r"^-?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?$"
COMMA = r"^-?(?:0|[1-9][0-9]*),[0-9]+$"
COMMA_GROUPED = r"^-?[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]+)?$"
CURRENCY = "(?:[$€£¥]|[A-Z]{3})"
BEFORE, AFTER = rf"^{CURRENCY} ?([0-9][0-9.,]*)$", rf"^([0-9.,]*[0-9]) ?{CURRENCY}$"


def read(draft: Draft) -> Draft:
    """Faults: unreadable_number, not_whole, too_many_digits."""
    fields = draft.of_kind("integer", "decimal", "money")
    return draft.with_columns([_column(draft, name, field) for name, field in fields.items()])


def _column(draft: Draft, name: str, field: Field) -> pl.Series:
    text = draft.frame[name]
    canonical = text.str.contains(FORMS["integer" if _comma(field) else field.kind])
    other = ~canonical.fill_null(value=True)
    wide = text.str.len_bytes() > MOST_DIGITS
    if wide.any():
        other |= wide.fill_null(value=False)
    if other.any():
        text = patched(text, other, _read_others(draft, field, text.filter(other)))
    if isinstance(field, Decimal) and field.rounding is not None:
        text, shortened = rounded(text, field)
        if shortened:
            draft.counts["rounded"] = draft.counts.get("rounded", 0) + shortened
    return text


def _read_others(draft: Draft, field: Field, text: pl.Series) -> pl.Series:
    found = _by_expression(text, field)
    left = found.is_null() & (text != "")
    if not left.any():
        return found
    read: dict[str, str] = {}
    errors: dict[str, RecordError] = {}
    for value in text.filter(left).unique().to_list():
        try:
            read[value] = number(
                value,
                money=isinstance(field, Money),
                decimal_comma=_comma(field),
                whole=field.kind == "integer",
            )
        except RecordError as error:
            errors[value] = error.with_traceback(None)  # which would hold this frame, and so the batch
    if errors:
        draft.refuse_each(text.name, draft.frame[text.name].is_in(list(errors)), errors)
    others = text.replace_strict(list(read), list(read.values()), default=None, return_dtype=pl.String)
    return found.fill_null(others)


def _by_expression(column: pl.Series, field: Field) -> pl.Series:
    """The canonical form of what is written plainly, in groups or with the declared comma, else null."""
    text = pl.col("text")
    rows = column.to_frame("text")  # step by step: polars would work each part anew wherever it is named
    if isinstance(field, Money):
        rows = rows.select(pl.coalesce(text.str.extract(BEFORE), text.str.extract(AFTER), text))
    if _comma(field):
        plain, grouped = WHOLE, f"{COMMA}|{COMMA_GROUPED}"
        joined = text.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    else:
        plain, grouped = WHOLE if field.kind == "integer" else PLAIN, GROUPED
        joined = text.str.replace_all(",", "", literal=True)
    short = text.str.len_bytes() <= MOST_DIGITS
    rows = rows.select(
        pl.when(text.str.contains(plain) & short)
        .then(text)
        .when(text.str.contains(grouped) & short)
        .then(joined)
        .alias("text")
    )
    rows = rows.select(_trimmed(rows["text"]))
    if field.kind == "integer":
        rows = rows.select(pl.when(~text.str.contains(".", literal=True)).then(text))
    return rows["text"].alias(column.name)


def _trimmed(column: pl.Series) -> pl.Series:
    """Plain text without the zeros that end its fraction, and zero without a sign."""
    fraction = column.str.contains(".", literal=True)
    cut = column.str.strip_chars_end("0").str.strip_chars_end(".")
    return cut.zip_with(fraction, column).replace("-0", "0")


def _comma(field: Field) -> bool:
    return isinstance(field, Decimal) and field.decimal_comma
