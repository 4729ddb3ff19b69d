"""The APISmith of the sandbox: Northwind as an Oracle ERP would give it, behind a signed service token."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import jwt
import msgspec

from bridge import env
from bridge.sandbox.data import read
from bridge.sandbox.exchange import Request, Response, json_response
from bridge.sandbox.store import Generator, Row, Store, Table, UnknownError
from bridge.sandbox.tokens import NULL, Columns, columns_of, object_of, quoted, text_of
from bridge.sandbox.view import View
from bridge.sandbox.webhooks import Delivery, Sender, Setting, signed
from bridge.systems.apismith import generated, oracle

# No secret: it opens the sandbox only, where INTERNAL_SERVICE_JWT_SECRET is not set.
CREDENTIALS = {
    "INTERNAL_SERVICE_JWT_SECRET": "sandbox-internal-service-secret-not-secret",
    "APISMITH_WEBHOOK_SECRET": "sandbox-apismith-webhook-secret-not-secret",
}
ISSUER, AUDIENCE = "bridge", "apismith"
LONGEST_TOKEN = 3600  # seconds from iat to exp
DEFAULT_PAGE, LARGEST_PAGE = 1000, 10_000
MODIFIED, VERSION = "LAST_UPDATE_DATE", "ROW_VERSION"
_PATH = re.compile(r"/api/v1/runtime/([^/]+)/execute")
Test = Callable[[Row], bool]
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORDS = {
    429: ("TOO_MANY_REQUESTS", "Too many requests. Slow down."),
    500: ("ORA-00600", "ORA-00600: internal error"),
}


class ApiSmithError(Exception):
    """A request APISmith refuses."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def response(self) -> Response:
        """Say it as APISmith does."""
        return json_response(
            {"error": {"code": self.code, "message": self.message}}, self.status, self.message
        )


class ApiSmith:
    """Answers GET /api/v1/runtime/{entity}/execute."""

    name = "apismith"
    concurrent: int | None = None

    def __init__(self, secret: str, webhook_secret: str = CREDENTIALS["APISMITH_WEBHOOK_SECRET"]) -> None:
        self._secret = secret
        self.store = Store(
            _table("customers", "customers", {"CUSTOMER_ID": str}, missing="COMPANY_NAME", number=VERSION),
            _table(
                "items",
                "products",
                {"PRODUCT_ID": int},
                missing="PRODUCT_NAME",
                number="UNIT_PRICE",
                generator=generated.item,
            ),
            _table(
                "orders",
                "orders",
                {"ORDER_ID": int},
                missing="CUSTOMER_ID",
                number="FREIGHT",
                date="ORDER_DATE",
            ),
            _table(
                "order_lines",
                "order_details",
                {"ORDER_ID": int, "PRODUCT_ID": int},
                missing="UNIT_PRICE",
                number="QUANTITY",
            ),
        )

        self.sender: Sender | None = Sender(self.store, _described, signed(webhook_secret))

    def entity_of(self, request: Request) -> str | None:
        """Name the entity from the path."""
        found = _PATH.fullmatch(request.path)
        return found[1] if found else None

    def refusal(self, status: int) -> Response:
        """Refuse as APISmith does under load (429) or in trouble (500)."""
        return ApiSmithError(status, *_WORDS[status]).response()

    def answer(self, request: Request, view: View) -> Response:
        """Answer a request, in APISmith's words when it is refused."""
        try:
            self._check_token(request.headers.get("authorization", ""))
            return self._page(request, view)
        except ApiSmithError as error:
            return error.response()

    def _check_token(self, header: str) -> None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise ApiSmithError(401, "UNAUTHORIZED", "A bearer token is missing.")
        required = ["iss", "aud", "iat", "exp"]
        try:
            claims = jwt.decode(
                token, self._secret, ["HS256"], {"require": required}, audience=AUDIENCE, issuer=ISSUER
            )
        except jwt.InvalidTokenError as error:
            raise ApiSmithError(401, "UNAUTHORIZED", f"The bearer token is refused: {error}.") from None
        if claims["exp"] - claims["iat"] > LONGEST_TOKEN:
            raise ApiSmithError(401, "UNAUTHORIZED", f"The bearer token lives longer than {LONGEST_TOKEN} s.")

    def _page(self, request: Request, view: View) -> Response:
        table = self._table(request)
        limit = _whole(request, "limit", DEFAULT_PAGE)
        offset = _whole(request, "offset", 0)
        if not 1 <= limit <= LARGEST_PAGE:
            raise ApiSmithError(400, "INVALID_PARAMETER", f"limit: from 1 to {LARGEST_PAGE}.")
        tests = [*_since(request), *_after_version(request), *_filters(request, table)]
        rows = view.held(table, [row for row in table.rows() if all(test(row) for test in tests)])
        columns = view.columns(table)
        items = [_rendered(row, columns) for row in view.page(table, rows[offset : offset + limit])]
        facts = [
            b'"entity":%s' % quoted(table.name),
            b'"items":[%s]' % b",".join(items),
            b'"count":%d,"total":%d,"limit":%d,"offset":%d' % (len(items), len(rows), limit, offset),
            b'"hasMore":%s' % (b"true" if offset + limit < len(rows) else b"false"),
        ]
        return Response(body=b"{%s}" % b",".join(facts))

    def _table(self, request: Request) -> Table:
        entity = self.entity_of(request)
        if entity is None:
            raise ApiSmithError(404, "NOT_FOUND", f"There is nothing at {request.path}.")
        if request.method != "GET":
            raise ApiSmithError(
                405, "METHOD_NOT_ALLOWED", f"{request.method} is not supported at this address."
            )
        try:
            return self.store.table(entity)
        except UnknownError as error:
            raise ApiSmithError(404, "UNKNOWN_ENTITY", f"{error}.") from None


def far_end() -> ApiSmith:
    """Make the far end, its rows as they are at the start."""
    return ApiSmith(
        env.secret("INTERNAL_SERVICE_JWT_SECRET", CREDENTIALS["INTERNAL_SERVICE_JWT_SECRET"]),
        env.secret("APISMITH_WEBHOOK_SECRET", CREDENTIALS["APISMITH_WEBHOOK_SECRET"]),
    )


def _table(
    name: str,
    file: str,
    key: dict[str, type[int] | type[str]],
    *,
    missing: str,
    number: str,
    date: str = MODIFIED,
    generator: Generator | None = None,
) -> Table:
    dirt: dict[str, Columns] = {
        "missing": {missing: NULL},
        "date": {date: b'"13/45/1996"'},
        "number": {number: b'"about ten"'},
    }
    dirt["several"] = {column: token for columns in dirt.values() for column, token in columns.items()}

    def load() -> Iterator[Columns]:
        for row in read(f"northwind/{file}"):
            yield {_HUMP.sub("_", column).upper(): token for column, token in row.items()}

    return Table(
        name=name,
        key=key,
        load=load,
        stamps=(MODIFIED, VERSION),
        dirt=dirt,
        generator=generator,
        derive=oracle.DERIVED[name],
    )


def _rendered(row: Row, columns: tuple[str, ...]) -> bytes:
    form = str(len(columns))
    if form not in row.rendered:
        stamps = {MODIFIED: quoted(_iso(row.modified)), VERSION: b"%d" % row.version}
        wanted = dict.fromkeys((*columns, MODIFIED, VERSION), NULL) | stamps | dict(row.columns)
        parts = [quoted(column) + b":" + token for column, token in wanted.items()]
        row.rendered[form] = b"{%s}" % b",".join(parts)
    return row.rendered[form]


def _described(setting: Setting, table: Table, row: Row, event: str) -> Delivery | None:
    """A webhook: what happened to which row, and the row as a read has it."""
    if setting.url is None:
        return None
    facts = {
        "event": quoted(event),
        "entity": quoted(table.name),
        "at": quoted(_iso(datetime.now(UTC) if event == "deleted" else row.modified)),
        "key": object_of({name: row.columns[name] for name in table.key}),
        "version": b"%d" % row.version,
    }
    if setting.send == "row" and event != "deleted":
        facts["record"] = _rendered(row, table.columns)
    url = setting.url.replace("{entity}", table.name)
    return Delivery(url=url, entity=table.name, event=event, body=object_of(facts))


def _since(request: Request) -> Iterator[Test]:
    text = request.query.get("since")
    if text is not None:
        since = _moment("since", text)
        yield lambda row: row.modified >= since


def _moment(name: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"{name}: {text!r} is not an ISO 8601 moment."
        raise ApiSmithError(400, "INVALID_PARAMETER", message) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _after_version(request: Request) -> Iterator[Test]:
    if "rowversion" in request.query:
        version = _whole(request, "rowversion", 0)
        yield lambda row: row.version > version


def _filters(request: Request, table: Table) -> Iterator[Test]:
    text = request.query.get("filters")
    if text is None:
        return
    try:
        wanted = columns_of(text.encode())
    except msgspec.DecodeError as error:
        raise ApiSmithError(400, "INVALID_PARAMETER", f"filters: a JSON object is needed: {error}.") from None
    for name, token in wanted.items():
        if name not in table.columns and name != MODIFIED:
            raise ApiSmithError(400, "INVALID_PARAMETER", f"filters: {table.name} has no column {name}.")
        if token.startswith(b"{"):
            yield from _ranges(name, columns_of(token))
        else:
            yield _equals(name, token)


def _equals(name: str, token: bytes) -> Test:
    wanted = text_of(token)
    number = _number(wanted)

    def same(row: Row) -> bool:
        found = row.columns.get(name, NULL)
        if NULL in (found, token) or found.startswith(b'"'):
            return found == token or (NULL not in (found, token) and text_of(found) == wanted)
        # As Oracle does, a text is compared with a number column as a number.
        return number is not None and _number(text_of(found)) == number

    return same


def _ranges(name: str, bounds: Columns) -> Iterator[Test]:
    for sign, token in bounds.items():
        compare = _SIGNS.get(sign)
        if compare is None:
            known = ", ".join(_SIGNS)
            raise ApiSmithError(400, "INVALID_PARAMETER", f"filters: {name} {sign}: known are {known}.")
        yield _compares(name, compare, text_of(token))


def _compares(name: str, compare: Callable[[Any, Any], bool], text: str) -> Test:
    bound = _moment(f"filters: {name}", text) if name == MODIFIED else _number(text)
    if bound is None:
        raise ApiSmithError(
            400, "INVALID_PARAMETER", f"filters: {name} is compared with numbers, not {text!r}."
        )

    def within(row: Row) -> bool:
        found = row.modified if name == MODIFIED else _number(text_of(row.columns.get(name, NULL)))
        return found is not None and compare(found, bound)

    return within


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise ApiSmithError(400, "INVALID_PARAMETER", f"{name}: {text!r} is not a whole number.")
    return int(text)
