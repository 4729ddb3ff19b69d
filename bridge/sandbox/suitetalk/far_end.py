"""One NetSuite account: checks the login, then leads to SuiteQL or the records."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable

from bridge.sandbox.exchange import Request, Response
from bridge.sandbox.store import Store, StoreError
from bridge.sandbox.suitetalk import query, records
from bridge.sandbox.suitetalk.asynchronous import JOBS, Jobs, is_asynchronous
from bridge.sandbox.suitetalk.errors import VendorError, refusal
from bridge.sandbox.suitetalk.login import Account, Login
from bridge.sandbox.suitetalk.record_type import RecordType
from bridge.sandbox.view import View
from bridge.sandbox.webhooks import Sender

SUITEQL = "/services/rest/query/v1/suiteql"
RECORDS = "/services/rest/record/v1/"
CONCURRENT = 5  # a standard account without SuiteCloud Plus
_FROM = re.compile(rb"\bfrom\s+(\w+)", re.IGNORECASE)


class SuiteTalk:
    """Answers as NetSuite's REST web services do."""

    concurrent: int | None = CONCURRENT
    sender: Sender | None = None

    def __init__(self, name: str, account: Account, kinds: Iterable[RecordType]) -> None:
        self.name = name
        self._login = Login(account)
        self._jobs = Jobs()
        self._writing = threading.Lock()
        self._by_query = {kind.table.name: kind for kind in kinds}
        self._by_record = {kind.rest: kind for kind in self._by_query.values()}
        self.store = Store(*(kind.table for kind in self._by_query.values()))
        self.store.watch_reset(self._jobs.clear)

    def entity_of(self, request: Request) -> str | None:
        """Name the table from a query's FROM, or the record type from the path."""
        if request.path.startswith(RECORDS):
            return request.path.removeprefix(RECORDS).partition("/")[0]
        found = _FROM.search(request.body)
        return found[1].decode() if found else None

    def answer(self, request: Request, view: View) -> Response:
        """Answer a request, in NetSuite's words when it is refused."""
        try:
            return self._answer(request, view)
        except VendorError as error:
            return error.response()
        except StoreError as error:
            return VendorError(400, "USER_ERROR", str(error)).response()

    def refusal(self, status: int) -> Response:
        """Refuse as NetSuite does under load (429) or in trouble (500)."""
        return refusal(status)

    def _answer(self, request: Request, view: View) -> Response:
        self._login.check(request)
        if request.path == SUITEQL:
            if request.method != "POST":
                raise VendorError(
                    405, "METHOD_NOT_ALLOWED", f"{request.method} is not supported at this address."
                )
            return query.answer(request, self._by_query, view)
        if request.path.startswith(RECORDS) and request.path != RECORDS:
            return self._record(request, request.path.removeprefix(RECORDS).split("/"))
        if request.path.startswith(JOBS) and request.path != JOBS:
            return self._jobs.answer(request, request.path.removeprefix(JOBS).split("/"))
        raise VendorError(404, "NOT_FOUND", f"There is nothing at {request.path}.")

    def _record(self, request: Request, rest: list[str]) -> Response:
        if request.method == "GET":
            return records.answer(request, self._by_record, rest)
        if is_asynchronous(request):
            return self._jobs.submit(request, lambda: self._written(request, rest))
        return self._written(request, rest)

    def _written(self, request: Request, rest: list[str]) -> Response:
        # One at a time: two upserts of one external id must not both find that nobody has it.
        with self._writing:
            return records.answer(request, self._by_record, rest)
