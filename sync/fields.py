"""What a field is: where it is read, what type it has, how it is cleaned. Data only; the stages act on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    import polars as pl

Clean = Callable[["pl.Expr"], "pl.Expr"]
"""A cleaning step: a column of text in, a column of text out."""


Trim = bool | Literal["end"]
"""Which blanks around a text are left out: all, none, or only those behind it, with which CHAR pads."""

Rounding = Literal["half_up", "half_even", "down"]
"""half_up is away from zero at 5, as Oracle does; half_even to the even digit; down cuts."""

Ambiguous = Literal["refuse", "earliest", "latest"]
Nonexistent = Literal["refuse", "shift"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One served field of an entity."""

    kind: ClassVar[str] = "text"
    source: str | None = None  # the far end's column; None = the same name as ours
    required: bool = False  # null or blank is an error
    nulls: tuple[
        str, ...
    ] = ()  # what the source writes for none, such as "N/A"; blanks around it do not count
    default: str | None = None  # canonical text, used where the source has null
    clean: tuple[Clean, ...] = ()  # applied in order after trimming
    allowed: tuple[str, ...] = ()  # canonical values; empty = any
    label: str = ""  # words for people


@dataclass(frozen=True, kw_only=True, slots=True)
class Text(Field):
    """Text, NFC, control characters out, blanks around it out unless `trim` says otherwise."""

    kind: ClassVar[str] = "text"
    max_length: int | None = None  # characters
    max_bytes: int | None = None  # of its UTF-8, as VARCHAR2(n BYTE) counts
    trim: Trim = True
    empty_is_null: bool = False  # as in Oracle, whose VARCHAR2 knows no empty text
    pattern: str | None = None  # the whole value must match


@dataclass(frozen=True, kw_only=True, slots=True)
class Integer(Field):
    """A whole number; JSON number up to 2^53 - 1, a JSON string when declared `wide`."""

    kind: ClassVar[str] = "integer"
    wide: bool = False
    digits: int | None = None  # p of NUMBER(p)
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Decimal(Field):
    """An exact decimal, served as a JSON string, never through a float."""

    kind: ClassVar[str] = "decimal"
    digits: int | None = None  # p of NUMBER(p, s): digits before and after the point; needs `places`
    places: int | None = None  # s of NUMBER(p, s): digits after the point; below 0 whole tens, hundreds …
    rounding: Rounding | None = None  # of more places than that; None = they are an error
    minimum: str | None = None
    maximum: str | None = None
    decimal_comma: bool = False  # "1.000,50" is one thousand and a half


@dataclass(frozen=True, kw_only=True, slots=True)
class Money(Decimal):
    """An exact amount; currency signs around it are read over."""

    kind: ClassVar[str] = "money"


@dataclass(frozen=True, kw_only=True, slots=True)
class Boolean(Field):
    """true or false, from the words the far end uses."""

    kind: ClassVar[str] = "boolean"
    true: tuple[str, ...] = ("true", "t", "yes", "y", "1")
    false: tuple[str, ...] = ("false", "f", "no", "n", "0")


@dataclass(frozen=True, kw_only=True, slots=True)
class Date(Field):
    """A calendar date, canonical `2025-12-08`."""

    kind: ClassVar[str] = "date"
    formats: tuple[str, ...] = ("%Y-%m-%d",)
    pivot: int | None = None  # the first year that %y may mean: 1950 is Oracle's RR, 50 to 99 are 19xx
    drop_time: bool = False  # leave out a time of day; otherwise any but midnight is an error


@dataclass(frozen=True, kw_only=True, slots=True)
class Timestamp(Field):
    """A moment, canonical UTC `2025-12-08T10:30:00Z` with `fraction` digits (0, 3, 6 or 9) of a second.

    Local times are read in the zone that the value names (%Z, at the end of a format), else in `zone`.
    """

    kind: ClassVar[str] = "timestamp"
    formats: tuple[str, ...] = ("%Y-%m-%dT%H:%M:%S%.fZ",)
    zone: str = "UTC"  # of values that carry no zone themselves
    # What %Z reads beside UTC, GMT and names such as Europe/Berlin: a zone, or an offset such as "-08:00".
    zones: Mapping[str, str] = field(default_factory=dict)
    ambiguous: Ambiguous = "refuse"  # a local time that came twice, as the clocks went back
    nonexistent: Nonexistent = "refuse"  # one that never came; shift: later by what the clocks went forward
    pivot: int | None = None  # the first year that %y may mean: 1950 is Oracle's RR
    fraction: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Bytes(Field):
    """Bytes, such as Oracle's RAW; canonical and served as lower-case hexadecimal digits."""

    kind: ClassVar[str] = "bytes"
    encoding: Literal["hex", "base64"] = "hex"  # of the source; hex may begin with 0x
    max_bytes: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Json(Field):
    """A nested value, kept as JSON with sorted names and no blanks."""

    kind: ClassVar[str] = "json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Extra(Json):
    """Every column of the source that no other field reads, as one object; null where there is none."""


@dataclass(frozen=True, slots=True)
class FirstOf:
    """A computed text: the first of its parts that is neither null nor blank."""

    parts: tuple[str | Join, ...]

    def __init__(self, *parts: str | Join) -> None:
        object.__setattr__(self, "parts", parts)


@dataclass(frozen=True, slots=True)
class Join:
    """A computed text: the fields named, joined, nulls left out; null when all are."""

    parts: tuple[str, ...]
    _: KW_ONLY
    by: str = " "

    def __init__(self, *parts: str, by: str = " ") -> None:
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "by", by)


@dataclass(frozen=True, slots=True)
class Constant:
    """A computed text that is the same for every row."""

    text: str


Computed = FirstOf | Join | Constant


def lower(text: pl.Expr) -> pl.Expr:
    """Lower case."""
    return text.str.to_lowercase()


def upper(text: pl.Expr) -> pl.Expr:
    """Upper case."""
    return text.str.to_uppercase()


def collapse(text: pl.Expr) -> pl.Expr:
    """Runs of white space become one blank."""
    return text.str.replace_all(r"\s+", " ")


def blank_to_null(text: pl.Expr) -> pl.Expr:
    """Empty text becomes null, as in an Oracle column."""
    return text.replace("", None)


def trim(text: pl.Expr) -> pl.Expr:
    """Without the blanks around it."""
    return text.str.strip_chars()


def pad(width: int, *, side: Literal["left", "right"] = "left", char: str = " ") -> Clean:
    """At least so many characters wide."""
    return partial(_padded, side=side, width=width, char=char)


def replace(pattern: str, by: str) -> Clean:
    """Every match of a regular expression (without look-around) replaced; `$1` is its first group."""
    return partial(_replaced, pattern=pattern, by=by)


def lookup(values: Mapping[str, str | None], *, otherwise: Literal["keep", "null"] = "keep") -> Clean:
    """The value that stands for this one; `otherwise` is for those that are not in the table."""
    return partial(_looked_up, values=tuple(values.items()), keep=otherwise == "keep")


def _padded(text: pl.Expr, *, side: str, width: int, char: str) -> pl.Expr:
    return text.str.pad_start(width, char) if side == "left" else text.str.pad_end(width, char)


def _replaced(text: pl.Expr, *, pattern: str, by: str) -> pl.Expr:
    return text.str.replace_all(pattern, by)


def _looked_up(text: pl.Expr, *, values: tuple[tuple[str, str | None], ...], keep: bool) -> pl.Expr:
    old, new = [theirs for theirs, _ in values], [ours for _, ours in values]
    import polars as pl

    return text.replace_strict(old, new, default=text if keep else None, return_dtype=pl.String)
