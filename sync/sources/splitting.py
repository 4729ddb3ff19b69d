"""Splits answers that a strict reader refuses because of one row: by their brackets and quotes alone.

So half a surrogate pair, NaN or a nesting of any depth costs its own row, not the page. What was cut is not balanced.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

# A quote that nothing closes is a token too: the walk ends there instead of trying each quote behind it.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|["\[\]{},:]', re.DOTALL)
_CLOSED_BY = {b"[": b"]", b"{": b"}"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where an array or object stands in a body."""

    start: int
    end: int
    commas: Sequence[int]  # between its elements

    def elements(self, body: bytes) -> list[bytes] | None:
        """What stands between the commas; None where something is left out."""
        cuts = [self.start, *self.commas, self.end - 1]
        found = [body[one + 1 : two].strip() for one, two in pairwise(cuts)]
        if found == [b""]:
            return []
        return found if all(found) else None


def place_of(body: bytes, names: Sequence[str]) -> Place | None:
    """Where the array or object under these names is, outermost first; None where brackets and quotes do not match."""
    walk = _Walk([json.dumps(name).encode() for name in names])
    begin = end = 0
    for token in _TOKEN.finditer(body):
        if end or not walk.step(token[0], token.start()):
            return None
        if not begin:
            begin = token.start() + 1
        if not walk.open:
            end = token.end()
    whole = end and not body[: begin - 1].strip() and not body[end:].strip()
    return walk.found if whole else None


@dataclass(slots=True)
class _Walk:
    wanted: list[bytes]
    open: list[bytes] = field(default_factory=list)  # brackets
    names: list[bytes | None] = field(default_factory=list)  # under which each of them stands
    text: bytes | None = None  # the last one
    name: bytes | None = None  # of the value that follows
    inside: int = 0  # how many brackets are open within what is looked for
    start: int = 0
    commas: list[int] = field(default_factory=list)
    found: Place | None = None

    def step(self, token: bytes, at: int) -> bool:
        """Take the next token; false where it cannot stand there."""
        if token in _CLOSED_BY:
            self._begin(token, at)
        elif token in (b"]", b"}"):
            return self._finish(token, at)
        elif token == b":":
            self.name = self.text
        elif token == b",":
            self.name = None
            if self.inside and self.inside == len(self.open):
                self.commas.append(at)
        elif len(token) == 1 or not self.open:
            return False
        else:
            self.text = token
        return True

    def _begin(self, bracket: bytes, at: int) -> None:
        self.open.append(bracket)
        self.names.append(self.name)
        self.name = None
        if not self.inside and self.names[1:] == self.wanted:
            self.inside, self.start, self.commas = len(self.open), at, []

    def _finish(self, bracket: bytes, at: int) -> bool:
        if not self.open or _CLOSED_BY[self.open.pop()] != bracket:
            return False
        self.names.pop()
        self.name = None
        if self.inside == len(self.open) + 1:
            self.found, self.inside = Place(self.start, at + 1, self.commas), 0
        return True
