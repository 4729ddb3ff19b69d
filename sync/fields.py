"""What a field is: where it is read, what type it has, how it is cleaned. Data only; the stages act on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    import polars as pl

Clean = Callable[["pl.Expr"], "pl.Expr"]
"""A cleaning step: a column of text in, a column of text out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One served field of an entity."""

    kind: ClassVar[str] = "text"
    source: str | None = None  # the far end's column; None = the same name as ours
    required: bool = False  # null or blank is an error
    default: str | None = None  # canonical text, used where the source has null
    clean: tuple[Clean, ...] = ()  # applied in order after trimming
    allowed: tuple[str, ...] = ()  # canonical values; empty = any
    label: str = ""  # words for people


@dataclass(frozen=True, kw_only=True, slots=True)
class Text(Field):
    """Text, NFC, control characters out, blanks around it out unless `trim` is off."""

    kind: ClassVar[str] = "text"
    max_length: int | None = None  # characters
    trim: bool = True
    pattern: str | None = None  # the whole value must match


@dataclass(frozen=True, kw_only=True, slots=True)
class Integer(Field):
    """A whole number; JSON number up to 2^53 - 1, a JSON string when declared `wide`."""

    kind: ClassVar[str] = "integer"
    wide: bool = False
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Decimal(Field):
    """An exact decimal, served as a JSON string, never through a float."""

    kind: ClassVar[str] = "decimal"
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Timestamp(Field):
    """A moment, canonical UTC `2025-12-08T10:30:00Z` with `fraction` digits (0, 3, 6 or 9) of a second."""

    kind: ClassVar[str] = "timestamp"
    formats: tuple[str, ...] = ("%Y-%m-%dT%H:%M:%S%.fZ",)
    zone: str = "UTC"  # of values that carry no zone themselves
    fraction: int = 0


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
