"""The file of recorded answers: JSON that people read and write, checked name by name.

    {"exchanges": [
      {"request": {"path": "/gadgets", "query": {"offset": "0"}},
       "answers": [{"status": 429, "headers": {"Retry-After": "1"}}, {"json": {"items": []}}]}
    ]}

A request says what is asked; what it leaves out may be anything, `*` in a path is one part of it, and the text `***`
in a value stands for any. Answers are given in their order, the last one again and again (unless `"repeat": false`).
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

Mood = Literal["lost", "cut", "silent"]
"""lost: it did what was asked and hung up; cut: half of the answer comes; silent: no answer ever comes."""


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Names that are not known are errors, not typing mistakes that nobody sees."""


class Request(_Part, frozen=True, kw_only=True):
    """Which requests are meant."""

    method: str = "GET"
    path: str  # below the system's address
    query: dict[str, str | int] = {}  # these, whatever others there are
    headers: dict[str, str] = {}
    json: msgspec.Raw | UnsetType = UNSET  # the body; names of an object that are left out may have any value
    form: dict[str, str | int] = {}
    body: str | None = None  # the whole, as text


class Reply(_Part, frozen=True, kw_only=True):
    """One answer."""

    status: int = 200
    headers: dict[str, str] = {}
    json: msgspec.Raw | UnsetType = UNSET  # the body: as it stands in the file, digit by digit
    body: str | None = None  # or as text
    base64: str | None = None  # or as bytes
    mood: Mood | None = None
    delay: float = 0.0  # seconds before it is given

    def content(self) -> bytes:
        """The body's bytes. Raises ValueError where base64 is none."""
        if not isinstance(self.json, UnsetType):
            return bytes(self.json)
        if self.base64 is not None:
            return base64.b64decode(self.base64, validate=True)
        return (self.body or "").encode("utf-8", "surrogatepass")

    def headed(self) -> dict[str, str]:
        """The headers, with the type of a JSON body where none is named."""
        named = {name.lower() for name in self.headers}
        if isinstance(self.json, UnsetType) or "content-type" in named:
            return dict(self.headers)
        return {"Content-Type": "application/json", **self.headers}


class Exchange(_Part, frozen=True, kw_only=True):
    """A request and what is answered."""

    request: Request
    answers: list[Reply]
    repeat: bool = True  # the last answer counts for all further requests


class Answers(_Part, frozen=True, kw_only=True):
    """A file."""

    system: str | None = None  # that was recorded
    recorded_at: str | None = None
    exchanges: list[Exchange]


class BadAnswers(ValueError):  # noqa: N818 - reads as what it names
    """A file of answers, or an answer given in a test, cannot be used."""


def read_answers(path: Path) -> Answers:
    """The answers in a file: this JSON, or what `bridge record` wrote. Raises BadAnswers with what is wrong."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        why = f"it cannot be read ({error.strerror})"
        raise BadAnswers(
            f"{path}: {why}. `pytest --bridge-record` asks the real far end and writes it."
        ) from error
    if raw.startswith(b"\x1f\x8b"):
        from sync.testing.converted import of_recording

        return of_recording(path)
    try:
        found = msgspec.json.decode(raw, type=Answers)
    except msgspec.ValidationError as error:
        raise BadAnswers(f"{path}: {error}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadAnswers(f"{path} is no JSON: {error}.") from error
    for number, exchange in enumerate(found.exchanges, start=1):
        check(exchange, f"{path}, exchange {number}")
    return found


def write_answers(path: Path, answers: Answers) -> None:
    """Write a file as people read it. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(answers), indent=2) + b"\n")


def check(exchange: Exchange, where: str) -> None:
    """Raises BadAnswers where the parts of an exchange contradict each other."""
    if not exchange.answers:
        raise BadAnswers(f"{where}: give it at least one answer.")
    for reply in exchange.answers:
        bodies = [not isinstance(reply.json, UnsetType), reply.body is not None, reply.base64 is not None]
        if sum(bodies) > 1:
            raise BadAnswers(f"{where}: an answer has one of json, body and base64.")
        if not 200 <= reply.status <= 599:
            raise BadAnswers(f"{where}: {reply.status} is no status of an answer (200 to 599).")
        if reply.delay < 0:
            raise BadAnswers(f"{where}: a delay is 0 or more seconds.")
        try:
            reply.content()
        except ValueError as error:
            raise BadAnswers(f"{where}: base64 cannot be read ({error}).") from error


def raw_json(value: Any) -> msgspec.Raw:
    """A value as JSON; bytes are JSON already. Decimals are numbers, digit by digit. Raises BadAnswers."""
    try:
        if isinstance(value, bytes):
            msgspec.json.decode(value, type=msgspec.Raw)
            return msgspec.Raw(value)
        return msgspec.Raw(msgspec.json.Encoder(decimal_format="number").encode(value))
    except (TypeError, ValueError, RecursionError, OverflowError) as error:
        raise BadAnswers(f"json= takes what JSON can hold: {error}") from error
