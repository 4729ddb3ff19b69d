"""A target that speaks JSON over HTTP: rows one by one (POST, PATCH, DELETE) or in batches with an answer each.

Under the path of a collection: `/batch` takes `{"operations": [{"op", "id", "body"}]}` and answers
`{"results": [{"status", "id", "error"}]}`; `/lookup` takes `{"erp_key_hashes": […]}`; `/ranges` and
`/held?prefix=ab` serve comparing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import UUID

import msgspec
from requests.auth import AuthBase

from sync.declare import Push
from sync.errors import NotFound, TransientError
from sync.http import Answer, Session, Words, raise_for_status, shortened
from sync.targets import Held, Op, Outcome, Range, Sending
from sync.targets.reply import Reply, outcome_of

Found = TypeVar("Found")

_METHODS: dict[Op, str] = {"c": "POST", "u": "PATCH", "d": "DELETE"}
_WORDS: dict[Op, str] = {"c": "create", "u": "update", "d": "delete"}
_ROW_LEVEL = frozenset({400, 404, 409, 410, 422})
"""Answers to one row that say something of that row; others are the far end's trouble or ours."""


class _Held(msgspec.Struct):
    id: int | str
    erp_key_hash: UUID
    erp_data_hash: str


class _HeldList(msgspec.Struct):
    items: list[_Held]


class _Ranges(msgspec.Struct):
    ranges: list[Range]


class _Error(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Result(msgspec.Struct):
    status: int
    id: int | str | None = None
    error: _Error = msgspec.field(default_factory=_Error)


class _Results(msgspec.Struct):
    results: list[_Result]


@dataclass(frozen=True, kw_only=True)
class RestTarget:
    """Writes to one system. `parent_codes`: its words for "no such parent"; `children_codes`: "has children"."""

    session: Session
    words: Words | None = None
    check_path: str = "/"
    parent_codes: tuple[str, ...] = ("PARENT_NOT_FOUND",)
    children_codes: tuple[str, ...] = ("HAS_CHILDREN",)

    @classmethod
    def at(cls, system: str, base_url: str, auth: AuthBase | None = None, **options: Any) -> RestTarget:
        """A target at an address."""
        return cls(session=Session(system, base_url, auth=auth), **options)

    def send(self, push: Push, rows: Sequence[Sending]) -> list[Outcome]:
        """Write; what is there already, or no longer, is looked up by our key and written once more."""
        replies = self._exchange(push, rows)
        moved = [place for place, reply in enumerate(replies) if self._is_elsewhere(rows[place], reply)]
        outcomes = [self._outcome(row, reply) for row, reply in zip(rows, replies, strict=True)]
        if moved:
            again = self._placed(push, [rows[place] for place in moved])
            second = self._exchange(push, again)
            for place, row, reply in zip(moved, again, second, strict=True):
                outcomes[place] = self._outcome(row, reply, conflict=replies[place].status == 409)
        return outcomes

    def find(self, push: Push, keys: Sequence[UUID]) -> dict[UUID, Held]:
        """By `/lookup`."""
        asked = {"erp_key_hashes": [key.hex for key in keys]}
        answer = self._ask("POST", f"{push.path}/lookup", push, msgspec.json.encode(asked))
        return {held.key_hash: held for held in _held(_decoded(answer, _HeldList).items)}

    def ranges(self, push: Push) -> list[Range]:
        """By `/ranges`."""
        return _decoded(self._ask("GET", f"{push.path}/ranges", push), _Ranges).ranges

    def held(self, push: Push, prefix: str) -> list[Held]:
        """By `/held`."""
        answer = self._ask("GET", f"{push.path}/held", push, prefix=prefix)
        return list(_held(_decoded(answer, _HeldList).items))

    def check(self) -> None:
        """Ask for `check_path`."""
        raise_for_status(self.session.request("GET", self.check_path), self.words)

    def _is_elsewhere(self, row: Sending, reply: Reply) -> bool:
        if reply.code in self.parent_codes or reply.code in self.children_codes or row.op == "d":
            return False
        return reply.status == 409 or (row.op == "u" and reply.status in (404, 410))

    def _placed(self, push: Push, rows: Sequence[Sending]) -> list[Sending]:
        """The same rows as what they are at the target: an update where it has them, else a create."""
        found = self.find(push, [row.key_hash for row in rows])
        placed: list[Sending] = []
        for row in rows:
            here = found.get(row.key_hash)
            op: Op = "u" if here else "c"
            number = here.remote_id if here else None
            placed.append(Sending(op=op, key_hash=row.key_hash, remote_id=number, body=row.body))
        return placed

    def _outcome(self, row: Sending, reply: Reply, *, conflict: bool = False) -> Outcome:
        return outcome_of(
            row, reply, waits_for=self.parent_codes, held_by=self.children_codes, conflict=conflict
        )

    def _exchange(self, push: Push, rows: Sequence[Sending]) -> list[Reply]:
        if push.batch == 1:
            return [self._one(push, row) for row in rows]
        operations = b",".join(_operation(row) for row in rows)
        answer = self._ask("POST", f"{push.path}/batch", push, b'{"operations":[%s]}' % operations)
        results = _decoded(answer, _Results).results
        if len(results) != len(rows):
            message = f"{answer.system} answered {len(results)} of {len(rows)} rows of a batch."
            raise TransientError(message, code="bad_envelope")
        return [
            Reply(status=r.status, id=_text(r.id), code=r.error.code, words=shortened(r.error.message))
            for r in results
        ]

    def _one(self, push: Push, row: Sending) -> Reply:
        path = push.path if row.op == "c" else f"{push.path}/{quote(row.remote_id or '', safe='')}"
        body = None if row.op == "d" else row.body
        answer = self._request(_METHODS[row.op], path, push, body)
        if answer.status >= 300 and answer.status not in _ROW_LEVEL:
            raise_for_status(answer, self.words)
        return _reply(answer)

    def _ask(self, method: str, path: str, push: Push, body: bytes | None = None, **params: str) -> Answer:
        answer = self._request(method, path, push, body, **params)
        try:
            raise_for_status(answer, self.words)
        except NotFound as error:
            message = f"{error.message} Check the target's address and the path {push.path}."
            raise TransientError(message, code="no_such_path", parks_if_repeated=True) from error
        return answer

    def _request(self, method: str, path: str, push: Push, body: bytes | None, **params: str) -> Answer:
        headers = {"Content-Type": "application/json"} if body is not None else None
        return self.session.request(
            method, path, params=params or None, data=body, headers=headers, module=push.path.strip("/")
        )


def _operation(row: Sending) -> bytes:
    facts = b'"op":"%s"' % _WORDS[row.op].encode()
    if row.remote_id is not None:
        facts += b',"id":%s' % wire_id(row.remote_id)
    return b"{%s}" % (facts if row.op == "d" else facts + b',"body":' + row.body)


def wire_id(number: str) -> bytes:
    """An id as it was received: whole numbers bare, others as text."""
    is_number = number.isascii() and number.isdigit() and (number == "0" or number[0] != "0")
    return number.encode() if is_number else msgspec.json.encode(number)


def _reply(answer: Answer) -> Reply:
    found = _Result(status=answer.status)
    if answer.body:
        try:
            found = msgspec.json.decode(answer.body, type=_Single).result(answer.status)
        except (msgspec.DecodeError, UnicodeDecodeError):
            found = _Result(status=answer.status, error=_Error(message=answer.excerpt()))
    return Reply(
        status=found.status,
        id=_text(found.id),
        code=found.error.code,
        words=shortened(found.error.message),
    )


class _Single(msgspec.Struct):
    id: int | str | None = None
    error: _Error = msgspec.field(default_factory=_Error)

    def result(self, status: int) -> _Result:
        """With the status of its answer."""
        return _Result(status=status, id=self.id, error=self.error)


def _held(items: Iterable[_Held]) -> Iterable[Held]:
    for item in items:
        number = _text(item.id) or ""
        yield Held(key_hash=item.erp_key_hash, remote_id=number, data_hash=bytes.fromhex(item.erp_data_hash))


def _text(number: int | str | None) -> str | None:
    return None if number is None else str(number)


def _decoded(answer: Answer, kind: type[Found]) -> Found:
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"{answer.system}'s answer to {answer.address} is not as agreed ({error}): {answer.excerpt()[:120]}"
        raise TransientError(message, code="bad_envelope") from error
