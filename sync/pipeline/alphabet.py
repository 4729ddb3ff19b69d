"""Which characters a column of text holds: one look at all of it says what need not be done to its rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

C0 = "".join(map(chr, range(0x20)))
_BEYOND_LATIN = 0xCC  # the first byte of U+0300 in UTF-8
SPECIAL = ' "\\|\x7f'


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The characters of a column that one may have to do something about."""

    special: frozenset[str]  # those of SPECIAL and of C0 that occur
    ascii: bool  # whether nothing beyond ASCII occurs
    latin: bool  # whether nothing beyond U+02FF occurs: all of these are composed

    def holds(self, characters: str) -> bool:
        """Whether any of these occurs; they must be of SPECIAL or C0."""
        return not self.special.isdisjoint(characters)

    def holds_controls(self) -> bool:
        """Whether any of C0 occurs."""
        return self.holds(C0)


PLAIN = Alphabet(special=frozenset(), ascii=True, latin=True)
"""Of numbers, dates, true and false in their canonical forms."""


def alphabet_of(column: pl.Series) -> Alphabet:
    """The alphabet of a column of text, nulls left out."""
    content: bytes = column.str.join("").cast(pl.Binary).item()
    known = {character for character in SPECIAL if character.encode() in content}
    found = np.frombuffer(content, np.uint8)
    if len(found) and found.min() < len(C0):
        known.update(map(chr, np.unique(found[found < len(C0)]).tolist()))
    return Alphabet(frozenset(known), content.isascii(), not len(found) or bool(found.max() < _BEYOND_LATIN))
