"""Exact decimals as text: what people and far ends write, read into one form without a float."""

from __future__ import annotations

import re
import unicodedata

from sync.errors import RecordError

MOST_DIGITS = 1000
"""Longer numbers are set aside: PostgreSQL's numeric and most readers stop far earlier."""

PLAIN = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$"
"""Text that is canonical but for trailing zeros of its fraction and a minus before zero."""

FORMS = "forms such as 1000.5, 1,000.50, 1e3, (5.00) and 5-"
COMMA_FORMS = "forms such as 1000,5, 1.000,50, (5,00) and 5- (a decimal comma is declared)"

_GAPS = " '’\u00a0\u2009\u202f"
_BODY = (
    r"(?P<whole>[0-9]+|[0-9]{{1,3}}(?P<gap>[{gaps}])[0-9]{{3}}(?:(?P=gap)[0-9]{{3}})*)?"
    r"(?:{point}(?P<fraction>[0-9]*))?"
)
_EXPONENT = r"(?:[eE](?P<exponent>[+-]?[0-9]{1,9}))?"
_POINT = re.compile(_BODY.format(gaps="," + _GAPS, point=r"\.") + _EXPONENT)
_COMMA = re.compile(_BODY.format(gaps="." + _GAPS, point=",") + _EXPONENT)
_PARTS = re.compile(r"(?P<before>[^0-9.,]*)(?P<body>[0-9.,](?:.*[0-9.,])?)(?P<after>[^0-9.,]*)", re.DOTALL)
_ISO_CODE = re.compile(r"[A-Z]{3}")


def number(text: str, *, money: bool = False, decimal_comma: bool = False, whole: bool = False) -> str:
    """The canonical decimal: no exponent, no grouping, no trailing zeros of a fraction, `0` for every zero.

    Raises RecordError: unreadable_number, not_whole, too_many_digits.
    """
    parts = _PARTS.fullmatch(text)
    form = parts and (_COMMA if decimal_comma else _POINT).fullmatch(parts["body"])
    negative = parts and _negative(parts["before"], parts["after"], money=money)
    if not form or negative is None or not (form["whole"] or form["fraction"]):
        forms = COMMA_FORMS if decimal_comma else FORMS
        raise RecordError(f"{shown(text)} is not a number; accepted are {forms}", code="unreadable_number")
    digits = "".join(filter(str.isdigit, form["whole"] or ""))
    fraction = form["fraction"] or ""
    plain = _plain(digits + fraction, int(form["exponent"] or 0) - len(fraction))
    if whole and "." in plain:
        raise RecordError(f"{shown(text)} is not a whole number", code="not_whole")
    return "-" + plain if negative and plain != "0" else plain


def shown(text: str, most: int = 60) -> str:
    """What was found, in quotes, short enough for a message."""
    return f'"{text}"' if len(text) <= most else f'"{text[:most]}…" ({len(text)} characters)'


def _negative(before: str, after: str, *, money: bool) -> bool | None:
    """Whether the signs around the digits say minus; None where there is more than signs (and a currency)."""
    marks = "".join((before + after).split())
    bracketed = "(" in before and ")" in after
    if bracketed:
        marks = marks.replace("(", "", 1).replace(")", "", 1)
    signs = [mark for mark in marks if mark in "+-−"]
    rest = "".join(mark for mark in marks if mark not in "+-−")
    if len(signs) + bracketed > 1 or (rest and not (money and _currency(rest))):
        return None
    return bracketed or "-" in signs or "−" in signs


def _currency(text: str) -> bool:
    return (len(text) == 1 and unicodedata.category(text) == "Sc") or bool(_ISO_CODE.fullmatch(text))


def _plain(digits: str, shift: int) -> str:
    """`digits` times ten to the power of `shift`, written out."""
    significant = digits.lstrip("0")
    kept = significant.rstrip("0")
    if not kept:
        return "0"
    shift += len(significant) - len(kept)
    if max(len(kept) + shift, len(kept), -shift) > MOST_DIGITS:
        raise RecordError(f"A number of more than {MOST_DIGITS:,} digits is not kept", code="too_many_digits")
    if shift >= 0:
        return kept + "0" * shift
    kept = kept.rjust(1 - shift, "0")
    return f"{kept[:shift]}.{kept[shift:]}"
