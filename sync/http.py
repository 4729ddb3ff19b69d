"""The one outbound HTTP session: no redirects unasked, no hidden retries, bounded answers, Retry-After obeyed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import requests
from django.conf import settings
from requests.auth import AuthBase
from requests.structures import CaseInsensitiveDict
from requests.utils import DEFAULT_ACCEPT_ENCODING
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as SilenceError

from sync import metrics
from sync.budget import Gate, SharedGate
from sync.budget.limits import rate_headers
from sync.errand import errand
from sync.errors import BridgeError, ConfigError, TransientError
from sync.outbound import certificates
from sync.outbound.addresses import may_be_private
from sync.outbound.answers import Answer, Words, raise_for_status, shortened
from sync.outbound.connections import pools
from sync.outbound.deadline import Deadline
from sync.outbound.inspector import seen_of
from sync.outbound.rates import rate_of
from sync.outbound.reasons import reason
from sync.outbound.redirects import MOST, Step, allowed, onward
from sync.outbound.stand_in import stand_in
from sync.redaction import plain_address, redact
from sync.tape import Question, tape_in_use

__all__ = ["SHARED", "Answer", "Gate", "Session", "Words", "raise_for_status", "shortened"]

LARGEST_ANSWER = 256 * 1024 * 1024
"""Bytes, unpacked; more would be a page that no worker can hold."""
TIMEOUTS_LONG = 10
"""A whole request may take so many times as long as the far end may be silent."""
SHARED = SharedGate()
"""The gate that all processes obey."""


class Session:
    """Requests to one system. Safe for threads. `gate=None` asks without looking at the shared budget.

    `timeout` is how long the far end may be silent, `deadline` how long a request may take in all, in seconds.
    `private` says whether it may be in our own network, `redirects` how many a read follows; None = as its system says.
    Errors of `request`: TransientError (far_end_unreachable, far_end_timeout, rate_limited, quota_used_up,
    far_end_down, response_too_large) and ConfigError (bad_address, private_address, certificate_refused).
    """

    def __init__(
        self,
        system: str,
        base_url: str,
        *,
        auth: AuthBase | None = None,
        timeout: float | None = None,
        deadline: float | None = None,
        headers: Mapping[str, str] | None = None,
        largest: int = LARGEST_ANSWER,
        gate: Gate | None = SHARED,
        private: bool | None = None,
        redirects: int | None = None,
    ) -> None:
        self.system = system
        self.base_url = base_url.rstrip("/")
        self._timeout = settings.BRIDGE_HTTP_TIMEOUT if timeout is None else timeout
        self._deadline = TIMEOUTS_LONG * self._timeout if deadline is None else deadline
        self._largest = largest
        self._gate = gate
        self._auth = auth
        self._headers = CaseInsensitiveDict({**_usual_headers(), **(headers or {})})
        self._pools = pools(private=may_be_private(system) if private is None else private)
        self._redirects = allowed(system) if redirects is None else min(redirects, MOST)
        self._rate_headers = rate_headers(system)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        json: Any = None,
        data: Mapping[str, str] | bytes | None = None,
        headers: Mapping[str, str | None] | None = None,
        module: str = "",
    ) -> Answer:
        """Ask once, whatever comes back; `module` names the entity in the metrics. A header of None is not sent.

        A redirect that is not followed comes back as it is. Each that is takes of the budget as any request does.
        """
        tape = tape_in_use()
        question = Question(system=self.system, method=method, path=path, params=params, json=json, data=data)
        if tape and (played := tape.play(question)):
            return played
        step, deadline = self._first(question, headers), Deadline(self._deadline)
        answer = self._admitted(step, deadline, module)
        for _ in range(self._redirects):
            instead = stand_in(self.system)
            led = onward(step, answer, within=instead is not None and instead.url is not None)
            if led is None:
                break
            step = led
            try:
                answer = self._admitted(step, deadline, module)
            except (TransientError, ConfigError) as error:
                error.no_effect = False  # of the last step at most
                raise
        if tape:
            tape.take(question, answer)
        return answer

    def _first(self, question: Question, headers: Mapping[str, str | None] | None) -> Step:
        instead = stand_in(self.system)
        base = instead.url if instead and instead.url else self.base_url
        given = self._headers
        if headers:
            given = given.copy()
            for name, value in headers.items():
                given.pop(name, None)
                if value is not None:
                    given[name] = value
        url = f"{base}/{question.path.lstrip('/')}"
        return Step(url=url, question=question, headers=given, auth=self._auth)

    def _admitted(self, step: Step, deadline: Deadline, module: str) -> Answer:
        gate = None if stand_in(self.system) else self._gate
        with gate.admitted(self.system) if gate else nullcontext():
            errand().requests += 1
            try:
                answer = self._ask(step, deadline)
            except TransientError as error:
                metrics.far_end_asked(self.system, module, error.code.removeprefix("far_end_"))
                self._tell(gate, failed=error.code in ("far_end_unreachable", "far_end_timeout"))
                errand().changed += not (step.reads or error.no_effect)
                raise
        refused_it = 400 <= answer.status < 500 and answer.status != 408
        errand().changed += not (step.reads or refused_it)
        metrics.far_end_asked(self.system, module, str(answer.status))
        if self._gate and answer.rate is not None:
            self._gate.heed(self.system, answer.rate)
        refused = answer.status == 429 or (answer.status == 503 and answer.retry_after is not None)
        self._tell(gate, failed=answer.status >= 500 and not refused)
        if gate and answer.status in (429, 503):
            gate.refused(self.system, answer.retry_after)
        return answer

    def _tell(self, gate: Gate | None, *, failed: bool) -> None:
        if gate:
            gate.heard(self.system, failed=failed)

    def _ask(self, step: Step, deadline: Deadline) -> Answer:
        address = f"{step.question.method} {plain_address(step.url)}"
        asked, asked_at, began = None, datetime.now(UTC), time.monotonic()
        status, wrong = 0, None
        told: Mapping[str, str] = {}
        body = b""
        with deadline:
            try:
                asked = self._prepared(step)
                asked_at = datetime.now(UTC)  # signed just before
                _check_ours(step)
                status, told, body = self._send(asked)
                if deadline.passed:  # and what came may be the half of it
                    raise self._timed_out(address, self._deadline)
                if len(body) > self._largest:
                    raise self._too_large(address)
            except (requests.RequestException, HTTPError) as error:
                failure = self._failed(address, error, late=deadline.passed)
                wrong = failure.code
                raise failure from error
            except BridgeError as error:
                wrong = error.code
                raise
            finally:
                answered = (status, told, body)
                seen = seen_of(step.url, step.question, asked, answered, began=began, error=wrong)
                errand().seen.append(seen)
        return Answer(
            status=status,
            headers=told,
            body=body,
            asked_at=asked_at,
            system=self.system,
            address=address,
            rate=rate_of(told, self._rate_headers),
        )

    @staticmethod
    def _prepared(step: Step) -> requests.PreparedRequest:
        prepared = requests.PreparedRequest()
        prepared.prepare(
            method=step.question.method,
            url=step.url,
            headers=step.headers,
            params=step.question.params,
            data=step.question.data,
            json=step.question.json,
            auth=step.auth,
        )
        return prepared

    def _send(self, asked: requests.PreparedRequest) -> tuple[int, Mapping[str, str], bytes]:
        assert asked.url is not None
        assert asked.method is not None
        instead = stand_in(self.system)
        kept = pools(private=True) if instead and instead.url else self._pools
        response = kept.connection_from_url(asked.url).urlopen(
            asked.method,
            asked.path_url,
            body=asked.body,
            headers=asked.headers,
            timeout=self._timeout,
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            # One byte more than allowed tells a full answer from one that was cut.
            body = response.read(self._largest + 1, decode_content=True)
        finally:
            response.close()
            response.release_conn()
        return response.status, response.headers, body

    def _timed_out(self, address: str, seconds: float, connecting: bool = False) -> TransientError:
        message = (
            f"{self.system} gave no answer to {address} within {seconds:g} s. Bridge tries again; if"
            " this goes on, ask for smaller pages or raise BRIDGE_HTTP_TIMEOUT."
        )
        return TransientError(message, code="far_end_timeout", no_effect=connecting)

    def _too_large(self, address: str) -> TransientError:
        message = (
            f"{self.system} answered {address} with more than {self._largest} bytes: ask for smaller pages."
        )
        return TransientError(message, code="response_too_large")

    def _failed(self, address: str, error: Exception, *, late: bool) -> TransientError | ConfigError:
        if late:
            return self._timed_out(address, self._deadline)
        if isinstance(error, SilenceError) and not isinstance(error, NewConnectionError):
            return self._timed_out(address, self._timeout, isinstance(error, ConnectTimeoutError))
        if isinstance(error, ValueError):  # a URL or header that cannot be sent
            message = f"{self.system} cannot be asked {address}: {redact(str(error))} Correct its address."
            return ConfigError(message, code="bad_address")
        if words := certificates.refused(error):
            message = f"{self.system} is not asked {address}: {words}"
            return ConfigError(message, code="certificate_refused")
        message = (
            f"{self.system} cannot be reached at {address}: {reason(error)}. Bridge tries again; if"
            " this goes on, check that it runs and that its address is right."
        )
        # A connection that was never made: no byte of the request can have left. Not so an error of TLS.
        nothing = isinstance(error, NewConnectionError)
        return TransientError(message, code="far_end_unreachable", no_effect=nothing)


def _usual_headers() -> dict[str, str]:
    return {
        "User-Agent": f"Bridge/{settings.BRIDGE_VERSION}",
        "Accept": "application/json",
        "Accept-Encoding": DEFAULT_ACCEPT_ENCODING,
    }


def _check_ours(step: Step) -> None:
    """Right before the bytes leave: who was frozen while a turn was waited for must change nothing any more."""
    if not step.reads and (check := errand().check):
        check()
