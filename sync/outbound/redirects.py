"""Where a read is led on to, if its system allows that, and what may go along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, urljoin, urlsplit

from requests.auth import AuthBase
from requests.structures import CaseInsensitiveDict

from sync.outbound.answers import Answer
from sync.registry import registry
from sync.tape import Question

MOST = 5
"""Redirects of one request that a system may allow."""
_LEADING_ON = frozenset({301, 302, 303, 307, 308})
_READS = frozenset({"GET", "HEAD"})
_NO_SECRETS = frozenset({"accept", "accept-encoding", "accept-language", "user-agent"})
"""Headers that another host gets too. Of a system's own nobody knows which one is a key."""
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One request on the way to an answer."""

    url: str  # its query may be in the question
    question: Question
    headers: CaseInsensitiveDict[str]
    auth: AuthBase | None

    @property
    def reads(self) -> bool:
        """Whether the far end changes nothing by it."""
        question = self.question
        return question.method.upper() in _READS and question.json is None and question.data is None


def allowed(system: str) -> int:
    """How many redirects a read of the system follows, as its declaration says."""
    return next((min(known.redirects, MOST) for known in registry.systems if known.name == system), 0)


def onward(step: Step, answer: Answer, *, within: bool = False) -> Step | None:
    """The request that the answer leads to; None where it leads nowhere, or to where it must not.

    Only reads without a body are led on, and never from https to http. Where the host, port or scheme is another
    one, no credentials go along, and no header that may hold some; `within` goes nowhere then.
    """
    question = step.question
    if answer.status not in _LEADING_ON or not step.reads:
        return None
    before = urlsplit(step.url)
    after = _target(step.url, answer.headers)
    if after is None or (before.scheme == "https" and after.scheme == "http"):
        return None
    question = replace(question, params=None)
    host = after.netloc.rpartition("@")[2]
    if _same_party(before, after):
        user, at, _ = before.netloc.rpartition("@")
        return replace(step, url=after._replace(netloc=user + at + host).geturl(), question=question)
    if within:
        return None
    headers = CaseInsensitiveDict({k: v for k, v in step.headers.items() if k.lower() in _NO_SECRETS})
    return Step(url=after._replace(netloc=host).geturl(), question=question, headers=headers, auth=None)


def _target(url: str, headers: Mapping[str, str]) -> SplitResult | None:
    location = headers.get("Location", "")
    try:
        location = location.encode("latin-1").decode()  # as some write it, though a URL is ASCII
        found = urlsplit(urljoin(url, location))
        known = found.scheme in _PORTS and found.hostname and found.port != 0
    except ValueError:
        return None
    return found if location and known else None


def _same_party(before: SplitResult, after: SplitResult) -> bool:
    """The same host, port and scheme, or the step from http to https on their usual ports."""
    if before.hostname != after.hostname:
        return False
    one, other = (before.scheme, _port(before)), (after.scheme, _port(after))
    return one == other or (one, other) == (("http", 80), ("https", 443))


def _port(parts: SplitResult) -> int:
    return parts.port or _PORTS[parts.scheme]
