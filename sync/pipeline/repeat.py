"""A transaction that lost against another writer is done again: PostgreSQL asks for that."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from django.db import OperationalError

log = structlog.get_logger(__name__)

TRIES = 5
_REPEATABLE = {"40P01", "40001"}  # deadlock, serialization failure

Result = TypeVar("Result")


def repeated(transact: Callable[[], Result], *, entity: str) -> Result:
    """The result of a function that is one transaction. Raises its error where no repetition helps."""
    for attempt in range(1, TRIES + 1):
        try:
            return transact()
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) not in _REPEATABLE or attempt == TRIES:
                raise
            log.warning("batch_repeated", entity=entity, reason=str(error), attempt=attempt)
            time.sleep(0.05 * attempt)
    raise AssertionError("the last attempt returns or raises")
