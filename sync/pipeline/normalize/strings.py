"""Layer 2, strings: line endings, control characters, blanks around, what means none, the cleaning steps, NFC.

The steps run here, before numbers and dates are read, so that they can mend those too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from sync.errors import ConfigError
from sync.fields import Field, Text
from sync.pipeline.alphabet import C0, Alphabet, alphabet_of
from sync.pipeline.normalize.draft import Draft
from sync.pipeline.normalize.patch import patched
from sync.text import CONTROLS

KEPT = "\t\n"
REMOVED = "".join(character for character in C0 if character not in KEPT) + "\x7f"
BLANKS = " \t\n\x0b\x0c\r"  # of ASCII

# All of these are composed, and none of them joins the character before it.
COMPOSED = (
    r"\x00-\u{2ff}\u{400}-\u{482}\u{2010}-\u{2027}\u{20a0}-\u{20bf}\u{3041}-\u{3096}\u{30a1}-\u{30fa}"
    r"\u{4e00}-\u{9fff}\u{ac00}-\u{d7a3}"
)


def clean(draft: Draft) -> Draft:
    """Text in its stored form; raises ConfigError where a cleaning step does not work on text."""
    alphabets = {
        name: alphabet_of(draft.frame[name]) for name, field in draft.fields.items() if field.kind != "json"
    }
    steps = [
        _cleaned(pl.col(name), draft.fields[name], alphabet).alias(name)
        for name, alphabet in alphabets.items()
        if _needs_cleaning(draft.fields[name], alphabet)
    ]
    try:
        draft = draft.with_columns(steps)
    except pl.exceptions.PolarsError as error:
        raise ConfigError(f"A cleaning step does not work on a column of text: {error}") from error
    wide = [name for name, known in alphabets.items() if draft.fields[name].clean or not known.latin]
    composed = list(_composed(draft.frame.select(wide)))
    steady = set(alphabets) - {column.name for column in composed}
    kept = {name: alphabets[name] for name in steady if _adds_nothing(draft.fields[name])}
    return replace(draft.with_columns(composed), alphabets=kept)


def _adds_nothing(field: Field) -> bool:
    """Whether no character can be in a field's texts that the far end's did not have."""
    return isinstance(field, Text) and not field.clean and field.default is None


def _needs_cleaning(field: Field, alphabet: Alphabet) -> bool:
    asked = field.clean or field.nulls or (isinstance(field, Text) and field.empty_is_null)
    return _may_be_blank(alphabet) or alphabet.holds(REMOVED) or bool(asked)


def _may_be_blank(alphabet: Alphabet) -> bool:
    return not alphabet.ascii or alphabet.holds(BLANKS)


def _cleaned(text: pl.Expr, field: Field, alphabet: Alphabet) -> pl.Expr:
    if alphabet.holds("\r"):
        text = text.str.replace_all("\r\n", "\n", literal=True).str.replace_all("\r", "\n", literal=True)
    if alphabet.holds(REMOVED.replace("\r", "")):
        text = text.str.replace_all(CONTROLS, "")
    text = _trimmed(text, field, alphabet)
    if field.nulls:
        bare = text.str.strip_chars().str.normalize("NFC")
        text = pl.when(~bare.is_in(list(field.nulls))).then(text)
    for step in field.clean:
        text = step(text).cast(pl.String)
    if isinstance(field, Text) and field.empty_is_null:
        text = pl.when(text != "").then(text)
    return text


def _trimmed(text: pl.Expr, field: Field, alphabet: Alphabet) -> pl.Expr:
    trim = field.trim if isinstance(field, Text) else True
    if not trim or not _may_be_blank(alphabet):
        return text
    return text.str.strip_chars_end(" ") if trim == "end" else text.str.strip_chars()


def _composed(columns: pl.DataFrame) -> Iterator[pl.Series]:
    """The columns among these that hold anything but composed characters, in NFC."""
    for column in columns:
        if alphabet_of(column).latin:
            continue
        loose = column.str.contains(f"[^{COMPOSED}]").fill_null(value=False)
        if loose.any():
            yield patched(column, loose, column.filter(loose).str.normalize("NFC"))
