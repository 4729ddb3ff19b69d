"""The words of a SuiteQL query and the parts it is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bridge.sandbox.suitetalk.errors import invalid_query

_WORD = re.compile(
    r"""\s+ | --[^\n]* | (?P<text>'(?:[^']|'')*') | (?P<number>\d+(?:\.\d+)?)
    | (?P<name>[A-Za-z_][\w$]*(?:\.[A-Za-z_][\w$]*)?) | (?P<sign><>|!=|<=|>=|[=<>(),*.;])""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Word:
    """One word: its kind (text, number, name, sign, end) and its characters."""

    kind: str
    text: str


@dataclass(frozen=True)
class Column:
    """A column of the table; `form` is how its value is wanted."""

    name: str
    form: str = "plain"  # plain, char (by mask) or display
    mask: str = ""


@dataclass(frozen=True)
class Literal:
    """A value in the query's text."""

    value: str | Decimal | datetime


@dataclass(frozen=True)
class Selected:
    """One column of the answer; `*` as a name means all."""

    column: Column
    alias: str


@dataclass(frozen=True)
class Compare:
    """A comparison of a column with a value."""

    column: Column
    sign: str
    literal: Literal


@dataclass(frozen=True)
class Within:
    """IN a list."""

    column: Column
    literals: tuple[Literal, ...]


@dataclass(frozen=True)
class Like:
    """LIKE a pattern with % and _."""

    column: Column
    pattern: str


@dataclass(frozen=True)
class IsNull:
    """IS NULL."""

    column: Column


@dataclass(frozen=True)
class Not:
    """The opposite."""

    condition: Condition


@dataclass(frozen=True)
class Every:
    """AND."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Either:
    """OR."""

    conditions: tuple[Condition, ...]


Condition = Compare | Within | Like | IsNull | Not | Every | Either


@dataclass(frozen=True)
class Query:
    """A whole query; no columns means COUNT(*), whose alias is `count_as`."""

    table: str
    columns: tuple[Selected, ...]
    where: Condition | None
    order: tuple[tuple[Column, bool], ...]  # column, descending
    count_as: str = ""


def words(text: str) -> list[Word]:
    """Split a query into words, an `end` last. Raises a 400 VendorError on a character that means nothing."""
    found, at = [], 0
    while at < len(text):
        match = _WORD.match(text, at)
        if match is None:
            raise invalid_query(
                f"Invalid or unsupported search: unexpected character {text[at]!r} at {at + 1}."
            )
        if match.lastgroup:
            found.append(Word(match.lastgroup, match[0]))
        at = match.end()
    return [*found, Word("end", "")]
