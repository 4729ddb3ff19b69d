"""Layer 3, numbers: "1,000.50", "€ 10", "(5)", "1e3" to exact plain decimals; Integer takes whole ones only.

What is written plainly or with groups goes by expression; each distinct other form is read once by `number`.
"""

from __future__ import annotations

import polars as pl

from sync.errors import RecordError
from sync.fields import Decimal, Field, Money
from sync.number import MOST_DIGITS, PLAIN, number
from sync.pipeline.normalize.draft import Draft

WHOLE = r"^-?(?:0|[1-9][0-9]*)$"
GROUPED = r"^-?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?$"
COMMA = r"^-?(?:0|[1-9][0-9]*),[0-9]+$"
COMMA_GROUPED = r"^-?[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]+)?$"


def read(draft: Draft) -> Draft:
    """Faults: unreadable_number, not_whole, too_many_digits."""
    fields = draft.of_kind("integer", "decimal", "money")
    if not fields:
        return draft
    traits = draft.frame.select(_traits(pl.col(name), field).alias(name) for name, field in fields.items())
    plain = draft.frame.select(
        _plain(pl.col(name), field, **traits[name].item()).alias(name) for name, field in fields.items()
    )
    columns = []
    for name, field in fields.items():
        left = _left(draft.frame[name], plain[name])
        columns.append(_others(draft, name, field, plain[name], left) if left.any() else plain[name])
    return draft.with_columns(columns)


def _traits(text: pl.Expr, field: Field) -> pl.Expr:
    """What a column asks for: nearly all are plain, and whole ones are canonical as they are."""
    return pl.struct(
        all_plain=_is_plain(text, field).all(),
        fractions=text.str.contains(".", literal=True).any(),
        signed_zeros=text.str.starts_with("-0").any(),
    )


def _is_plain(text: pl.Expr, field: Field) -> pl.Expr:
    form = WHOLE if field.kind == "integer" or _comma(field) else PLAIN
    return text.str.contains(form) & (text.str.len_bytes() <= MOST_DIGITS)


def _plain(text: pl.Expr, field: Field, *, all_plain: bool, fractions: bool, signed_zeros: bool) -> pl.Expr:
    """The canonical form of what is written plainly, else null."""
    text = text if all_plain else pl.when(_is_plain(text, field)).then(text)
    return _trimmed(text) if fractions or signed_zeros else text


def _trimmed(text: pl.Expr) -> pl.Expr:
    """Plain text without the zeros that end its fraction, and zero without a sign."""
    fraction = text.str.contains(".", literal=True)
    text = pl.when(fraction).then(text.str.strip_chars_end("0").str.strip_chars_end(".")).otherwise(text)
    return pl.when(text == "-0").then(pl.lit("0")).otherwise(text)


def _left(text: pl.Series, plain: pl.Series) -> pl.Series:
    return plain.is_null() & (text.str.len_bytes() > 0).fill_null(value=False)


def _others(draft: Draft, name: str, field: Field, plain: pl.Series, left: pl.Series) -> pl.Series:
    text = draft.frame[name]
    plain = plain.fill_null(_grouped(text, field))
    left = _left(text, plain)
    found: dict[str, str] = {}
    errors: dict[str, RecordError] = {}
    for value in text.filter(left).unique().to_list():
        try:
            found[value] = number(
                value,
                money=isinstance(field, Money),
                decimal_comma=_comma(field),
                whole=field.kind == "integer",
            )
        except RecordError as error:
            errors[value] = error
    if errors:
        draft.refuse_each(name, left & text.is_in(list(errors)), errors)
    others = text.replace_strict(list(found), list(found.values()), default=None, return_dtype=pl.String)
    return plain.fill_null(others)


def _grouped(text: pl.Series, field: Field) -> pl.Series:
    """The canonical form of what is written in groups or with the declared comma, else null."""
    column, short = pl.col("text"), pl.col("text").str.len_bytes() <= MOST_DIGITS
    if _comma(field):
        known = column.str.contains(COMMA) | column.str.contains(COMMA_GROUPED)
        plain = column.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    else:
        known, plain = column.str.contains(GROUPED), column.str.replace_all(",", "", literal=True)
    trimmed = _trimmed(pl.when(known & short).then(plain))
    if field.kind == "integer":
        trimmed = pl.when(~trimmed.str.contains(".", literal=True)).then(trimmed)
    return text.alias("text").to_frame().select(trimmed).to_series()


def _comma(field: Field) -> bool:
    return isinstance(field, Decimal) and field.decimal_comma
