"""Calls a command's own functions, and says what is known of the effect, whatever they return or raise."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from django.db import DatabaseError, InterfaceError

from sync.commands import Absent, Intent, Proven, Refused, Sent, Unsure
from sync.commands.declared import Declared
from sync.errand import errand
from sync.errors import (
    BridgeError,
    ConfigError,
    Conflict,
    FatalError,
    InvalidRequest,
    NotFound,
    RecordError,
    StaleAttempt,
    TransientError,
)
from sync.nesting import MOST_LEVELS, too_deep
from sync.redaction import redact_json
from sync.text import as_stored

if TYPE_CHECKING:
    from sync.jobs.claim import Claim

log = structlog.get_logger(__name__)

MOST_KEPT = 65_536
"""Characters of a far end's answer that the ledger keeps; of a longer one only that it was."""
Answer = TypeVar("Answer", bound=Proven | Sent | Refused | Absent | Unsure)
_REFUSALS = (FatalError, NotFound, Conflict, RecordError, InvalidRequest)


@dataclass(frozen=True, slots=True)
class Nothing:
    """The far end surely did nothing; the error says what follows."""

    error: BridgeError


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Nobody knows what the far end did."""

    code: str
    message: str


def send(claim: Claim, known: Declared, intent: Intent) -> Proven | Sent | Refused | Nothing | Doubtful:
    """Ask for the effect. Raises StaleAttempt where the lease ran out before the first byte could leave."""
    # A process that was frozen here wakes up when others have taken the work: nothing may leave any more.
    claim.check_lease()
    changed = errand().changed
    try:
        answer = known.command.send(intent)
    except StaleAttempt:
        raise
    except (ConfigError, TransientError) as error:
        # Of several requests the last may have changed nothing, and one before it what was asked for.
        if error.no_effect and errand().changed == changed:
            return Nothing(error)
        return Doubtful(error.code, error.message)
    except _REFUSALS as error:
        return Refused(code=error.code, message=error.message)
    except Exception as error:  # a fault in the system's code says nothing of what the far end did
        log.exception("command_send_broke", command=known.path)
        return Doubtful("unexpected_error", f"{type(error).__name__}: {error}")
    if isinstance(answer, Proven | Sent | Refused):
        return _named(answer)
    words = f"send of {known.path} returned {type(answer).__name__}: make it return Proven, Sent or Refused."
    return Doubtful("unexpected_answer", words)


def look(known: Declared, intent: Intent) -> Proven | Refused | Absent | Unsure:
    """Ask whether the effect is there. Raises TransientError where that is not known, ConfigError, StaleAttempt."""
    assert known.command.find is not None
    try:
        answer = known.command.find(intent)
    except (StaleAttempt, ConfigError, TransientError, DatabaseError, InterfaceError):
        raise
    except _REFUSALS as error:  # of the question, not of the command
        return Unsure(message=error.message)
    except Exception as error:  # such as a page of maintenance where JSON was read: it may answer well later
        message = f"find of {known.path} broke over the answer: {type(error).__name__}: {error}"
        raise TransientError(message, code="unexpected_error") from error
    if isinstance(answer, Proven | Refused | Absent | Unsure):
        return _named(answer)
    return Unsure(
        message=f"find of {known.path} returned {type(answer).__name__}: make it return Proven, Absent or Unsure."
    )


def _named(answer: Answer) -> Answer:
    """The same, its id a text that can be stored: many a far end counts, and its ids are numbers."""
    if not isinstance(answer, Proven | Sent) or answer.remote_id is None:
        return answer
    return replace(answer, remote_id=as_stored(str(answer.remote_id)))


def kept(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored of an answer: as JSON that PostgreSQL takes, without secrets. Never raises: it is a proof."""
    if too_deep(answer):
        return {"not_kept": f"It is nested more than {MOST_LEVELS} levels deep."}
    try:
        text = json.dumps(dict(answer), default=str, allow_nan=False, ensure_ascii=False)
        text, _ = redact_json(as_stored(text).replace("\\u0000", "\\ufffd"))
        if len(text) <= MOST_KEPT:
            found: dict[str, Any] = json.loads(text)
            return found
    except (TypeError, ValueError, RecursionError) as error:
        return {"not_kept": f"It is no JSON: {error}"[:200]}
    return {"not_kept": f"It has {len(text)} characters; {MOST_KEPT} are kept."}
