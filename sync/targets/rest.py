"""A target that speaks JSON over HTTP: rows one by one (POST, PATCH, DELETE) or in batches with an answer each.

Under the path of a collection: `/batch` takes `{"operations": [{"op", "id", "body"}]}` and answers
`{"results": [{"status", "id", "erp_key_hash", "error"}]}`, where the key tells whose answer it is and may be left
out by a target that keeps the order; `/lookup` takes `{"erp_key_hashes": […]}`; `/ranges` and
`/held?prefix=ab` serve comparing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote
from uuid import UUID

import msgspec
from requests.auth import AuthBase

from sync.declare import Push
from sync.errors import NotFound, TransientError
from sync.http import Answer, Session, Words, raise_for_status
from sync.targets import Held, Op, Outcome, Range, Sending, answers
from sync.targets.reply import Reply, outcome_of

_METHODS: dict[Op, str] = {"c": "POST", "u": "PATCH", "d": "DELETE"}
_WORDS: dict[Op, str] = {"c": "create", "u": "update", "d": "delete"}
_ROW_LEVEL = frozenset({400, 404, 409, 410, 413, 422})
"""Answers to one row that say something of that row; others are the far end's trouble or ours."""
_BATCH_LEVEL = frozenset({400, 413, 422})
"""Answers to a whole batch that may be about some row of it, or about its size."""
MOST_NARROWED = 20
"""Rows of a batch that may be found to spoil it."""
MOST_LOOKED_UP = 1000
"""Keys in one request."""


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
        return self._named(push, rows, outcomes)

    def find(self, push: Push, keys: Sequence[UUID]) -> dict[UUID, Held]:
        """By `/lookup`."""
        found: dict[UUID, Held] = {}
        for start in range(0, len(keys), MOST_LOOKED_UP):
            asked = {"erp_key_hashes": [key.hex for key in keys[start : start + MOST_LOOKED_UP]]}
            answer = self._ask("POST", f"{push.path}/lookup", push, msgspec.json.encode(asked))
            found |= {
                held.key_hash: held for held in answers.held(answers.decoded(answer, answers.HeldList).items)
            }
        return found

    def ranges(self, push: Push) -> list[Range]:
        """By `/ranges`; those of keys that are none of ours are passed over."""
        found = answers.decoded(self._ask("GET", f"{push.path}/ranges", push), answers.Ranges).ranges
        return [part for part in found if re.fullmatch("[0-9a-f]{2}", part.prefix)]

    def held(self, push: Push, prefix: str) -> list[Held]:
        """By `/held`."""
        answer = self._ask("GET", f"{push.path}/held", push, prefix=prefix)
        return list(answers.held(answers.decoded(answer, answers.HeldList).items))

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

    def _named(self, push: Push, rows: Sequence[Sending], outcomes: list[Outcome]) -> list[Outcome]:
        """The outcomes with the ids of rows that were made and whose answer named none."""
        nameless = [
            place
            for place, outcome in enumerate(outcomes)
            if outcome.state == "acked" and outcome.op != "d" and not outcome.remote_id
        ]
        if not nameless:
            return outcomes
        found = self.find(push, [rows[place].key_hash for place in nameless])
        for place in nameless:
            here, told = found.get(rows[place].key_hash), outcomes[place]
            words = {"message": f"{push.target} said that it made the row, and does not find it by our key."}
            outcomes[place] = (
                replace(told, remote_id=here.remote_id)
                if here
                else replace(told, state="unknown", code="not_found_after", answer=words)
            )
        return outcomes

    def _outcome(self, row: Sending, reply: Reply, *, conflict: bool = False) -> Outcome:
        return outcome_of(
            row, reply, waits_for=self.parent_codes, held_by=self.children_codes, conflict=conflict
        )

    def _exchange(self, push: Push, rows: Sequence[Sending]) -> list[Reply]:
        if push.batch == 1:
            return [self._one(push, row) for row in rows]
        return self._narrowed(push, rows, [MOST_NARROWED])

    def _narrowed(self, push: Push, rows: Sequence[Sending], left: list[int]) -> list[Reply]:
        """A batch; where it is refused as a whole, its halves, down to the rows that are to blame.

        `left` bounds how many such rows are looked for: more of them are no matter of rows.
        """
        operations = b",".join(_operation(row) for row in rows)
        answer = self._request("POST", f"{push.path}/batch", push, b'{"operations":[%s]}' % operations)
        if answer.status in _BATCH_LEVEL and (len(rows) > 1 or left[0] > 0):
            if len(rows) == 1:
                left[0] -= 1
                return [answers.reply(answer)]
            half = len(rows) // 2
            return self._narrowed(push, rows[:half], left) + self._narrowed(push, rows[half:], left)
        self._refuse(answer, push)
        return answers.replies(rows, answer)

    def _one(self, push: Push, row: Sending) -> Reply:
        path = push.path if row.op == "c" else f"{push.path}/{quote(row.remote_id or '', safe='')}"
        body = None if row.op == "d" else row.body
        answer = self._request(_METHODS[row.op], path, push, body)
        if answer.status >= 300 and answer.status not in _ROW_LEVEL:
            raise_for_status(answer, self.words)
        return answers.reply(answer)

    def _ask(self, method: str, path: str, push: Push, body: bytes | None = None, **params: str) -> Answer:
        answer = self._request(method, path, push, body, **params)
        self._refuse(answer, push)
        return answer

    def _refuse(self, answer: Answer, push: Push) -> None:
        try:
            raise_for_status(answer, self.words)
        except NotFound as error:
            message = f"{error.message} Check the target's address and the path {push.path}."
            raise TransientError(message, code="no_such_path", parks_if_repeated=True) from error

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
