"""The one outbound HTTP session: no redirects, no hidden retries, bounded answers, Retry-After obeyed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from django.conf import settings
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from sync import metrics
from sync.budget import Gate, SharedGate
from sync.errand import errand
from sync.errors import ConfigError, FatalError, NotFound, TransientError
from sync.redaction import plain_address, redact
from sync.tape import Question, tape_in_use

__all__ = ["SHARED", "Answer", "Gate", "Session", "Words", "raise_for_status", "shortened"]

LARGEST_ANSWER = 256 * 1024 * 1024
"""Bytes, unpacked; more would be a page that no worker can hold."""
LONGEST_WAIT = 86_400.0
"""Seconds: a Retry-After beyond a day is a mistake of the far end, and would stop a system for good."""
LONGEST_WORDS = 500

# Shared by all sessions of the process, so that a client made for one job finds warm connections.
_adapter = HTTPAdapter(pool_connections=32, pool_maxsize=16, max_retries=0)
SHARED = SharedGate()
"""The gate that all processes obey."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the far end said."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)  # names in any case
    body: bytes = b""
    asked_at: datetime  # when the request left, UTC
    system: str = ""
    address: str = ""  # method and URL, without secrets

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait, from Retry-After (seconds, decimal, or a date); None where there is none."""
        return _retry_after(self.headers)

    def excerpt(self) -> str:
        """The beginning of the body as text, without secrets: what to show where nothing better is known."""
        return shortened(self.body[: 4 * LONGEST_WORDS].decode("utf-8", "replace"))


Words = Callable[[Answer], str]
"""Finds the far end's own words in an answer that refuses."""


class Session:
    """Requests to one system. Safe for threads. `gate=None` asks without looking at the shared budget.

    Errors of `request`: TransientError (far_end_unreachable, far_end_timeout, rate_limited,
    response_too_large) and ConfigError (bad_address).
    """

    def __init__(
        self,
        system: str,
        base_url: str,
        *,
        auth: AuthBase | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        largest: int = LARGEST_ANSWER,
        gate: Gate | None = SHARED,
    ) -> None:
        self.system = system
        self.base_url = base_url.rstrip("/")
        self._timeout = settings.BRIDGE_HTTP_TIMEOUT if timeout is None else timeout
        self._largest = largest
        self._gate = gate
        self._session = _bare_session()
        self._session.auth = auth
        self._session.headers.update(headers or {})

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        json: Any = None,
        data: Mapping[str, str] | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        module: str = "",
    ) -> Answer:
        """Ask once, whatever comes back; `module` names the entity in the metrics."""
        tape = tape_in_use()
        question = Question(system=self.system, method=method, path=path, params=params, json=json, data=data)
        if tape and (played := tape.play(question)):
            return played
        url = f"{self.base_url}/{path.lstrip('/')}"
        asked = requests.Request(method, url, params=params, json=json, data=data, headers=headers)
        with self._gate.admitted(self.system) if self._gate else nullcontext():
            errand().requests += 1
            try:
                answer = self._send(asked, f"{method} {plain_address(url)}")
            except TransientError as error:
                metrics.far_end_asked(self.system, module, error.code.removeprefix("far_end_"))
                raise
        metrics.far_end_asked(self.system, module, str(answer.status))
        if self._gate and answer.status in (429, 503):
            self._gate.refused(self.system, answer.retry_after)
        if tape:
            tape.take(question, answer)
        return answer

    def _send(self, asked: requests.Request, address: str) -> Answer:
        try:
            prepared = self._session.prepare_request(asked)
            asked_at = datetime.now(UTC)
            response = self._session.send(prepared, timeout=self._timeout, stream=True, allow_redirects=False)
            with closing(response):
                # One byte more than allowed tells a full answer from one that was cut.
                body = response.raw.read(self._largest + 1, decode_content=True)
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise self._timed_out(address, isinstance(error, requests.ConnectTimeout)) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise self._failed(address, error) from error
        if len(body) > self._largest:
            raise self._too_large(address)
        return Answer(
            status=response.status_code,
            headers=response.headers,
            body=body,
            asked_at=asked_at,
            system=self.system,
            address=address,
        )

    def _timed_out(self, address: str, connecting: bool) -> TransientError:
        message = (
            f"{self.system} gave no answer to {address} within {self._timeout:g} s. Bridge tries again; if"
            " this goes on, ask for smaller pages or raise BRIDGE_HTTP_TIMEOUT."
        )
        return TransientError(message, code="far_end_timeout", no_effect=connecting)

    def _too_large(self, address: str) -> TransientError:
        message = (
            f"{self.system} answered {address} with more than {self._largest} bytes: ask for smaller pages."
        )
        return TransientError(message, code="response_too_large")

    def _failed(self, address: str, error: Exception) -> TransientError | ConfigError:
        if isinstance(error, ValueError):  # requests' own: a URL or header that cannot be sent
            message = f"{self.system} cannot be asked {address}: {redact(str(error))} Correct its address."
            return ConfigError(message, code="bad_address")
        message = (
            f"{self.system} cannot be reached at {address}: {_reason(error)}. Bridge tries again; if"
            " this goes on, check that it runs and that its address is right."
        )
        return TransientError(message, code="far_end_unreachable", no_effect=_never_connected(error))


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
        where = plain_address(answer.headers.get("Location", ""))
        raise ConfigError(f"{said} It leads to {where}: set the final address.", code="redirected")
    raise FatalError(said, code="far_end_refused")


def shortened(text: str) -> str:
    """One line of at most 500 characters, without secrets."""
    line = redact(" ".join(text.split()))
    return line if len(line) <= LONGEST_WORDS else line[: LONGEST_WORDS - 1] + "…"


def _words(answer: Answer, words: Words | None) -> str:
    found = shortened(words(answer)) if words else ""
    found = found or answer.excerpt() or "(it says nothing more)"
    return found if found.endswith((".", "!", "?", "…", ")")) else found + "."


def _bare_session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # no proxy, .netrc or CA of the environment slips in
    session.headers["User-Agent"] = f"Bridge/{settings.BRIDGE_VERSION}"
    session.headers["Accept"] = "application/json"
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))  # no state between requests
    for scheme in ("http://", "https://"):
        session.mount(scheme, _adapter)
    return session


def _retry_after(headers: Mapping[str, str]) -> float | None:
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = _until(text, headers.get("Date", ""))
    # Also false for NaN, which float() reads.
    return min(seconds, LONGEST_WAIT) if seconds >= 0 else None


def _until(text: str, date: str) -> float:
    moment = _moment(text)
    if moment is None:
        return -1.0
    # By the far end's own clock where it tells it.
    return max(0.0, (moment - (_moment(date) or datetime.now(UTC))).total_seconds())


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _reason(error: BaseException) -> str:
    """What went wrong, without requests' own text: it repeats the URL with its query."""
    for cause in _causes(error):
        if isinstance(cause, urllib3.exceptions.NameResolutionError):
            return "its name is not known"
        if isinstance(cause, urllib3.exceptions.SSLError | requests.exceptions.SSLError):
            return f"no secure connection ({shortened(str(cause.args[0] if cause.args else cause))})"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
    return "it hung up before its answer was complete"


def _never_connected(error: BaseException) -> bool:
    """Whether no byte of the request can have left."""
    # Not so an error of TLS: it may come with the answer.
    return any(isinstance(cause, urllib3.exceptions.NewConnectionError) for cause in _causes(error))


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    todo: list[object] = [error]
    while todo:
        item = todo.pop(0)
        if isinstance(item, BaseException) and item not in found:
            found.append(item)
            todo += [*item.args, getattr(item, "reason", None), item.__cause__, item.__context__]
    return found
