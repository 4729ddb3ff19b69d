"""Reads the SuiteQL a client of one table needs; anything more is refused in NetSuite's words."""

from __future__ import annotations

from decimal import Decimal

from bridge.sandbox.suitetalk import masks
from bridge.sandbox.suitetalk.errors import VendorError, invalid_query
from bridge.sandbox.suitetalk.syntax import (
    Column,
    Compare,
    Condition,
    Either,
    Every,
    IsNull,
    Like,
    Literal,
    Not,
    Query,
    Selected,
    Within,
    Word,
    words,
)

_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!=", "<>": "<>"}
_RESERVED = {
    "from",
    "where",
    "order",
    "by",
    "and",
    "or",
    "not",
    "as",
    "asc",
    "desc",
    "in",
    "is",
    "like",
    "null",
}


def parse(text: str) -> Query:
    """Read a query. Raises a 400 VendorError."""
    return _Parser(words(text)).query()


class _Parser:
    def __init__(self, found: list[Word]) -> None:
        self._words, self._at = found, 0

    def query(self) -> Query:
        self._expect("select")
        counted = self._counted()
        selected = () if counted else self._selected()
        self._expect("from")
        table = self._name()
        if self._peek().kind == "name" and self._peek().text.lower() not in _RESERVED:
            self._next()
        where = self._either() if self._take("where") else None
        order = self._order() if self._take("order") else ()
        if self._peek().kind != "end":
            raise self._unexpected()
        return Query(table=table.lower(), columns=selected, where=where, order=order, count_as=counted)

    def _counted(self) -> str:
        if self._peek().text.lower() != "count":
            return ""
        for word in ("count", "(", "*", ")"):
            self._expect(word)
        return self._alias("expr1")

    def _selected(self) -> tuple[Selected, ...]:
        selected: list[Selected] = []
        while not selected or self._take(","):
            if self._take("*"):
                selected.append(Selected(Column("*"), ""))
                continue
            column = self._column()
            default = column.name if column.form == "plain" else f"expr{len(selected) + 1}"
            selected.append(Selected(column, self._alias(default)))
        return tuple(selected)

    def _alias(self, default: str) -> str:
        if self._take("as") or (self._peek().kind == "name" and self._peek().text.lower() not in _RESERVED):
            return self._name().lower()
        return default

    def _column(self) -> Column:
        name = self._name().lower()
        if not self._take("("):
            if self._take("."):
                self._expect("*")
                return Column("*")
            return Column(name.rpartition(".")[2])
        if name not in ("to_char", "builtin.df"):
            raise invalid_query(f"Invalid or unsupported search: function {name.upper()} is not supported.")
        inner = self._column()
        mask = ""
        if name == "to_char":
            self._expect(",")
            mask = self._text()
            _check_mask(mask)
        self._expect(")")
        return Column(inner.name, "char" if mask else "display", mask)

    def _order(self) -> tuple[tuple[Column, bool], ...]:
        self._expect("by")
        order: list[tuple[Column, bool]] = []
        while not order or self._take(","):
            column = self._column()
            descending = self._take("desc")
            if not descending:
                self._take("asc")
            order.append((column, descending))
        return tuple(order)

    def _either(self) -> Condition:
        conditions = [self._every()]
        while self._take("or"):
            conditions.append(self._every())
        return conditions[0] if len(conditions) == 1 else Either(tuple(conditions))

    def _every(self) -> Condition:
        conditions = [self._condition()]
        while self._take("and"):
            conditions.append(self._condition())
        return conditions[0] if len(conditions) == 1 else Every(tuple(conditions))

    def _condition(self) -> Condition:
        if self._take("not"):
            return Not(self._condition())
        if self._take("("):
            inner = self._either()
            self._expect(")")
            return inner
        if self._is_literal():
            literal = self._literal()
            return Compare(sign=_MIRRORED[self._sign()], column=self._column(), literal=literal)
        column = self._column()
        if self._take("is"):
            negated = self._take("not")
            self._expect("null")
            return Not(IsNull(column)) if negated else IsNull(column)
        negated = self._take("not")
        found = self._test(column)
        return Not(found) if negated else found

    def _test(self, column: Column) -> Condition:
        if self._take("like"):
            return Like(column, self._text())
        if self._take("in"):
            self._expect("(")
            literals = [self._literal()]
            while self._take(","):
                literals.append(self._literal())
            self._expect(")")
            return Within(column, tuple(literals))
        if self._take("between"):
            low = self._literal()
            self._expect("and")
            return Every((Compare(column, ">=", low), Compare(column, "<=", self._literal())))
        return Compare(column, self._sign(), self._literal())

    def _is_literal(self) -> bool:
        word = self._peek()
        return word.kind in ("text", "number") or word.text.lower() in ("to_date", "to_timestamp")

    def _literal(self) -> Literal:
        word = self._next()
        if word.kind == "number":
            return Literal(Decimal(word.text))
        if word.kind == "text":
            return Literal(_unquoted(word.text))
        if word.text.lower() not in ("to_date", "to_timestamp"):
            self._at -= 1
            raise self._unexpected()
        self._expect("(")
        text = self._text()
        self._expect(",")
        mask = self._text()
        self._expect(")")
        try:
            return Literal(masks.read(text, mask))
        except ValueError as error:
            raise invalid_query(f"Search error occurred: {error}.") from None

    def _sign(self) -> str:
        if self._peek().text not in _MIRRORED:
            raise self._unexpected()
        return self._next().text

    def _text(self) -> str:
        if self._peek().kind != "text":
            raise self._unexpected()
        return _unquoted(self._next().text)

    def _name(self) -> str:
        if self._peek().kind != "name":
            raise self._unexpected()
        return self._next().text

    def _peek(self) -> Word:
        return self._words[self._at]

    def _next(self) -> Word:
        word = self._words[self._at]
        self._at += word.kind != "end"
        return word

    def _take(self, text: str) -> bool:
        word = self._peek()
        if word.kind in ("text", "end") or word.text.lower() != text:
            return False
        self._at += 1
        return True

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise self._unexpected()

    def _unexpected(self) -> VendorError:
        word = self._peek()
        near = f'near "{word.text}"' if word.text else "at its end"
        return invalid_query(f"Invalid or unsupported search: the query cannot be read {near}.")


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'")


def _check_mask(mask: str) -> None:
    try:
        masks.strftime_format(mask)
    except ValueError as error:
        raise invalid_query(f"Search error occurred: {error}.") from None
