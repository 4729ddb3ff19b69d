"""By what a list of the sandbox's Twilio can be filtered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

from bridge.sandbox.exchange import Request
from bridge.sandbox.store import Row
from bridge.sandbox.tokens import NULL, quoted, text_of
from bridge.systems.notifications.refusals import ProviderError

Test = Callable[[Row], bool]


def tests_of(request: Request) -> list[Test]:
    """What the messages of a list have to pass. Raises ProviderError."""
    tests = [_equal(name.lower(), text) for name, text in request.params if name in ("To", "From") and text]
    for name, text in request.params:
        if name in ("DateSent", "DateSent<", "DateSent>") and text:
            sign = name.removeprefix("DateSent") or text[: len(text) - len(text.lstrip("<>="))]
            tests.append(_sent(sign[:1], _moment(text.lstrip("<>="))))
    return tests


def _equal(column: str, text: str) -> Test:
    token = quoted(text)
    return lambda row: row.columns[column] == token


def _sent(sign: str, wanted: date | datetime) -> Test:
    """Compare when a message was sent, or was taken where it is still waiting, by the day where only one is given."""

    def test(row: Row) -> bool:
        token = row.columns["date_sent"]
        sent = parsedate_to_datetime(text_of(row.columns["date_created"] if token == NULL else token))
        if isinstance(wanted, datetime):
            return {">": sent >= wanted, "<": sent <= wanted}.get(sign, sent == wanted)
        day = sent.date()
        return {">": day >= wanted, "<": day <= wanted}.get(sign, day == wanted)

    return test


def _moment(text: str) -> date | datetime:
    try:
        if len(text) == len("2026-01-31"):
            return date.fromisoformat(text)
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ProviderError(400, 20001, f"DateSent: {text} is no date such as 2026-01-31") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
