"""What a far end said, and the error that a refusal is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sync.errors import ConfigError, FatalError, NotFound, TransientError
from sync.outbound.rates import Rate
from sync.outbound.waits import seconds_to_wait
from sync.redaction import plain_address, redact

LONGEST_WORDS = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the far end said."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)  # names in any case
    body: bytes = b""
    asked_at: datetime  # when the request left, UTC
    system: str = ""
    address: str = ""  # method and URL, without secrets
    rate: Rate | None = None  # of its own limit, where its system declares the headers

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait: Retry-After (seconds, decimal, or a date), else until a used up limit begins anew.

        None where the far end does not say.
        """
        wait = seconds_to_wait(self.headers)
        if wait is None and self.rate is not None and not self.rate.left:
            used_up = self.status == 429 or (self.status == 503 and self.rate.left == 0)
            return self.rate.reset if used_up else None
        return wait

    def excerpt(self) -> str:
        """The beginning of the body as text, without secrets: what to show where nothing better is known."""
        return shortened(self.body[: 4 * LONGEST_WORDS].decode("utf-8", "replace"))


Words = Callable[[Answer], str]
"""Finds the far end's own words in an answer that refuses."""


def raise_for_status(answer: Answer, words: Words | None = None) -> None:
    """Turn a refusal into the error that says what to do; return where the status is below 300.

    TransientError (rate_limited, far_end_error), ConfigError (credentials_refused, redirected), NotFound,
    FatalError (far_end_refused).
    """
    status = answer.status
    if status < 300:
        return
    said = f"{answer.system} answered {status} to {answer.address}: {_words(answer, words)}"
    if status == 429:
        raise TransientError(said, code="rate_limited", retry_after=answer.retry_after, no_effect=True)
    if status >= 500 or status == 408:
        raise TransientError(said, code="far_end_error", retry_after=answer.retry_after)
    if status in (401, 403):
        raise ConfigError(f"{said} Check the credentials and what they may read.", code="credentials_refused")
    if status == 404:
        raise NotFound(said)
    if status < 400:
        where = plain_address(answer.headers.get("Location", "")) or "no address"
        raise ConfigError(
            f"{said} It leads to {where}, which was not followed: set the final address. A read follows as many as"
            " redirects= of the system's declaration says, and never from https to http.",
            code="redirected",
            no_effect=False,  # some lead elsewhere once it is done
        )
    raise FatalError(said, code="far_end_refused")


def shortened(text: str) -> str:
    """One line of at most 500 characters, without secrets."""
    line = redact(" ".join(text.split()))
    return line if len(line) <= LONGEST_WORDS else line[: LONGEST_WORDS - 1] + "…"


def _words(answer: Answer, words: Words | None) -> str:
    found = shortened(words(answer)) if words else ""
    found = found or answer.excerpt() or "(it says nothing more)"
    return found if found.endswith((".", "!", "?", "…", ")")) else found + "."
