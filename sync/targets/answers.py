"""The JSON that a REST target answers with, read and put in the order of what was asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar
from uuid import UUID

import msgspec

from sync.errors import TransientError
from sync.http import Answer, shortened
from sync.targets import Held, Range, Sending
from sync.targets.reply import Reply

Found = TypeVar("Found")


class HeldRow(msgspec.Struct):
    """A row of the target's; people there may have spoilt our marks."""

    id: int | str
    erp_key_hash: str | None = None
    erp_data_hash: str | None = None


class HeldList(msgspec.Struct):
    """Of `/lookup` and `/held`."""

    items: list[HeldRow]


class Ranges(msgspec.Struct):
    """Of `/ranges`."""

    ranges: list[Range]


class Error(msgspec.Struct):
    """Why a row was refused."""

    code: str = ""
    message: str = ""


class Single(msgspec.Struct):
    """The answer to one row that was sent alone."""

    id: int | str | None = None
    error: Error = msgspec.field(default_factory=Error)


class Result(msgspec.Struct):
    """The answer to one row of a batch."""

    status: int
    id: int | str | None = None
    erp_key_hash: UUID | None = None
    error: Error = msgspec.field(default_factory=Error)


class Results(msgspec.Struct):
    """Of `/batch`."""

    results: list[Result]


def decoded(answer: Answer, kind: type[Found]) -> Found:
    """The body as what it should be. Raises TransientError (bad_envelope)."""
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"{answer.system}'s answer to {answer.address} is not as agreed ({error}): {answer.excerpt()[:120]}"
        raise TransientError(message, code="bad_envelope") from error


def replies(rows: Sequence[Sending], answer: Answer) -> list[Reply]:
    """A batch's answer, row by row as they were sent.

    Raises TransientError (bad_envelope) where it cannot be told which answer is whose: they may all have been written.
    """
    results = decoded(answer, Results).results
    if all(found.erp_key_hash for found in results):
        by_key = {found.erp_key_hash: found for found in results}
        results = [by_key[row.key_hash] for row in rows if row.key_hash in by_key]
    if len(results) != len(rows):
        raise _unclear(answer, f"answered {len(results)} of {len(rows)} rows of a batch")
    if not all(_fits(row, found) for row, found in zip(rows, results, strict=True)):
        raise _unclear(answer, "answered the rows of a batch in another order than asked")
    ids = [found.id for found in results if found.status < 300 and _text(found.id)]
    if len(set(ids)) < len(ids):
        raise _unclear(answer, "gave several rows of a batch the same id")
    return [_reply(found.status, found) for found in results]


def reply(answer: Answer) -> Reply:
    """The answer to one row that was sent alone."""
    found = Single()
    if answer.body:
        try:
            found = msgspec.json.decode(answer.body, type=Single)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            found = Single(error=Error(message=answer.excerpt()))
    return _reply(answer.status, found)


def held(items: Iterable[HeldRow]) -> Iterable[Held]:
    """Rows that bear a key of ours; a hash that is none differs from every other."""
    for item in items:
        try:
            key = UUID(item.erp_key_hash or "")
        except ValueError:
            continue
        yield Held(key_hash=key, remote_id=str(item.id), data_hash=_bytes(item.erp_data_hash))


def _fits(row: Sending, found: Result) -> bool:
    if found.erp_key_hash not in (None, row.key_hash):
        return False
    return found.status >= 300 or row.remote_id is None or _text(found.id) in (None, row.remote_id)


def _reply(status: int, found: Single | Result) -> Reply:
    code, words = found.error.code, shortened(found.error.message)
    return Reply(status=status, id=_text(found.id), code=code, words=words)


def _text(number: int | str | None) -> str | None:
    return None if number in (None, "") else str(number)


def _bytes(text: str | None) -> bytes:
    try:
        return bytes.fromhex(text or "")
    except ValueError:
        return b""


def _unclear(answer: Answer, what: str) -> TransientError:
    message = f"{answer.system} {what}. Each row is looked up by our key before it is sent again."
    return TransientError(message, code="bad_envelope")
