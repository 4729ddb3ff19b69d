"""What follows an error: the error's kind decides, then the entity's backoff."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import psycopg
from django.conf import settings
from django.db import InterfaceError, OperationalError

from sync.declare import Backoff, Retry
from sync.errors import BridgeError, ConfigError, TransientError
from sync.registry import Registered
from sync.text import as_stored

RETRY = "retry"
FAILED = "failed"
PARKED = "parked"
LONGEST_WAIT = 86_400.0
"""Seconds: a far end that names a later moment is asked again after a day."""
DATABASE_PAUSE = 1.0
ELSEWHERE = timedelta(minutes=15)
MOST_ELSEWHERE = 20
"""Times within ELSEWHERE, some ten minutes, that a job is left to workers with other code."""
_MOST_TEXT = 4_000
_MOST_TRACEBACK = 20_000
# Connection gone, server shutting down or starting, too many connections, a process that was frozen in a
# transaction: not a fault of the work.
_DATABASE_AWAY = ("08", "57P", "53300", "25P03")


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What becomes of the attempt (`retry`, `failed`, `parked`) and why; `delay` in seconds."""

    outcome: str
    code: str
    message: str
    delay: float = 0.0
    burns: bool = True  # counts as one of the job's tries
    traceback: str | None = None


def judge(error: Exception, *, burned: int, policy: Retry, previous_code: str | None = None) -> Verdict:
    """What to do after this error, with so many tries burned before it.

    `previous_code` is the code of the attempt before, for answers that are parked when they are repeated.
    """
    if database_is_away(error):
        message = clean(f"The database was not reachable: {error}".strip())
        code = "database_unavailable"
        return Verdict(outcome=RETRY, code=code, message=message, delay=DATABASE_PAUSE, burns=False)
    if isinstance(error, OperationalError | InterfaceError):  # a deadlock, a timeout, a full disk: may pass
        error = TransientError(str(error).strip(), code="database_error")
    if isinstance(error, TransientError):
        return _transient(error, burned, policy, previous_code)
    if isinstance(error, ConfigError):
        return Verdict(outcome=PARKED, code=error.code, message=clean(error.message), burns=False)
    if isinstance(error, BridgeError):
        return Verdict(outcome=FAILED, code=error.code, message=clean(error.message))
    trace = "".join(traceback.format_exception(error))[-_MOST_TRACEBACK:]
    message = clean(f"{type(error).__name__}: {error}")
    trace = clean(trace, most=_MOST_TRACEBACK)
    return Verdict(outcome=FAILED, code="unexpected_error", message=message, traceback=trace)


def policy_of(entity: Registered | None) -> Retry:
    """When failed runs are repeated: the entity's policy, else the settings' even one."""
    if entity is not None:
        return entity.entity.retry
    return Backoff(*[float(settings.RETRY_DELAY_SECONDS)] * settings.MAX_RETRIES)


def elsewhere(error: ConfigError, seen: int) -> Verdict:
    """What to do with work that this process does not know; it was met so many times within ELSEWHERE.

    While code is replaced, a worker with the other code does it; after a while it waits for a person.
    """
    message = clean(error.message)
    if seen >= MOST_ELSEWHERE:
        return Verdict(outcome=PARKED, code=error.code, message=message, burns=False)
    delay = min(5.0 * 2**seen, 30.0)
    return Verdict(outcome=RETRY, code=error.code, message=message, delay=delay, burns=False)


def database_is_away(error: BaseException) -> bool:
    """Whether this came of our own database being out of reach, wherever in the chain that is told."""
    return any(
        isinstance(cause, psycopg.Error)
        and (
            cause.sqlstate.startswith(_DATABASE_AWAY)
            if cause.sqlstate
            else isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
        )
        for cause in _causes(error)
    )


def clean(text: str, most: int = _MOST_TEXT) -> str:
    """Text that PostgreSQL takes, cut to a bearable length."""
    return as_stored(text[:most])


def _transient(error: TransientError, burned: int, policy: Retry, previous_code: str | None) -> Verdict:
    message = clean(error.message)
    if error.parks_if_repeated and previous_code == error.code:
        return Verdict(outcome=PARKED, code=error.code, message=message, burns=False)
    wanted = policy.delay(burned)
    if wanted is None and not error.not_asked:
        return Verdict(outcome=FAILED, code=error.code, message=message)
    wait = DATABASE_PAUSE if wanted is None else wanted
    delay = wait if error.retry_after is None else error.retry_after
    return Verdict(
        outcome=RETRY,
        code=error.code,
        message=message,
        delay=min(max(delay, 0.0), LONGEST_WAIT),
        burns=not error.not_asked,
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__
