"""Reads NetSuite by SuiteQL, signed with token-based authentication."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from bridge import env
from bridge.systems.netsuite.suiteql import SuiteQL
from sync.errors import ConfigError, TransientError
from sync.http import SHARED, Answer, Gate, Session, raise_for_status
from sync.sources import Ask, Page
from sync.sources.auth import TokenBased
from sync.sources.envelope import Envelope, opened

QUERY = "/services/rest/query/v1/suiteql"
LARGEST_PAGE = 1000
CREDENTIALS = ("ACCOUNT", "CONSUMER_KEY", "CONSUMER_SECRET", "TOKEN_ID", "TOKEN_SECRET")


class NetSuite:
    """The client of one account, which the environment names. Raises ConfigError (not_configured)."""

    def __init__(self, *, gate: Gate | None = SHARED) -> None:
        self._session = session(gate=gate, headers={"Prefer": "transient"})

    def pages(self, resource: SuiteQL, ask: Ask) -> Iterator[Page]:
        """Windows of rows by id, from `ask.resume` ({"after": id, "read": rows before}) on."""
        after: int | None = int(ask.resume["after"]) if ask.resume else None
        read = int(ask.resume.get("read", 0)) if ask.resume else 0
        limit = min(ask.page_size, LARGEST_PAGE)
        while True:
            query = resource.page(since=ask.since, after=after, window=ask.window)
            answer, envelope = self._query(resource, query, limit)
            total = read + envelope.number("totalResults")
            more = envelope.value("hasMore") is True
            if more:
                after = _last(envelope, resource.order_by, after)
                read += len(envelope.rows)
            yield Page(
                rows=envelope.rows,
                asked_at=answer.asked_at,
                next={"after": after, "read": read} if more else None,
                total=total,
                steady=True,
            )
            if not more:
                return

    def one(self, resource: SuiteQL, key: Mapping[str, str]) -> Page | None:
        """The row with that id; None where there is none."""
        (text,) = key.values()
        if not (text.isascii() and text.isdigit()):
            return None  # NetSuite's ids are numbers
        answer, envelope = self._query(resource, resource.one(int(text)), limit=1)
        if not envelope.rows:
            return None
        return Page(rows=envelope.rows[:1], asked_at=answer.asked_at, next=None, total=1)

    def check(self) -> None:
        """Ask for no row of a table every role with customers may read."""
        self._query(
            SuiteQL(table="customer", columns=("id",)), "SELECT id FROM customer WHERE id = 0", limit=1
        )

    def _query(self, resource: SuiteQL, query: str, limit: int) -> tuple[Answer, Envelope]:
        answer = self._session.request(
            "POST", QUERY, params={"limit": limit}, json={"q": query}, module=resource.table
        )
        raise_for_refusal(answer)
        return answer, opened(answer, "items")


def session(*, gate: Gate | None = SHARED, headers: Mapping[str, str] | None = None) -> Session:
    """Signed requests to the account. Raises ConfigError (not_configured)."""
    given = _credentials()
    auth = TokenBased(
        realm=given["account"].upper().replace("-", "_"),
        consumer_key=given["consumer_key"],
        consumer_secret=given["consumer_secret"],
        token_id=given["token_id"],
        token_secret=given["token_secret"],
    )
    url = env.text("NETSUITE_URL") or address(given["account"])
    return Session("netsuite", url, auth=auth, headers=headers, gate=gate)


def address(account: str) -> str:
    """Where an account answers: `1234567_SB1` at 1234567-sb1."""
    return f"https://{account.lower().replace('_', '-')}.suitetalk.api.netsuite.com"


def words(answer: Answer) -> str:
    """NetSuite's own words in an error: the details, each with its code."""
    try:
        body = msgspec.json.decode(answer.body)
        details = body["o:errorDetails"]
        return " ".join(f"{detail['detail']} ({detail.get('o:errorCode', 'no code')})" for detail in details)
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        return ""  # not an error body of NetSuite's; the caller shows what came instead


def raise_for_refusal(answer: Answer) -> None:
    """Turn a refusal into the error that says what to do: raise_for_status with NetSuite's words and its 401."""
    if answer.status != 401:
        raise_for_status(answer, words)
        return
    # Over its limit of requests at once NetSuite says 401 to good credentials too: only repetition is proof.
    raise TransientError(
        f"netsuite refused the login: {words(answer) or answer.excerpt()} If this repeats, check"
        " NETSUITE_ACCOUNT, the four NETSUITE_ keys and this machine's clock; NetSuite's Login Audit Trail"
        " says which is wrong.",
        code="invalid_login",
        parks_if_repeated=True,
        no_effect=True,
    )


def _last(envelope: Envelope, column: str, after: int | None) -> int:
    """The greatest id of a page: the next window begins after it."""
    try:
        row = msgspec.json.decode(envelope.rows[-1], type=dict[str, msgspec.Raw])
        last = msgspec.json.decode(row[column], type=int, strict=False)
    except (IndexError, KeyError, msgspec.DecodeError) as error:
        message = f"{envelope.what} says that there is more, but its last row has no {column}."
        raise TransientError(message, code="bad_envelope") from error
    if after is not None and last <= after:
        message = f"{envelope.what} ends with {column} {last}, asked for those after {after}."
        raise TransientError(message, code="bad_envelope")
    return last


def _credentials() -> dict[str, str]:
    try:
        given = {name.lower(): env.secret(f"NETSUITE_{name}") for name in CREDENTIALS}
    except env.EnvError as error:
        raise ConfigError(error.sentence, code=error.code) from error
    missing = [f"NETSUITE_{name}" for name in CREDENTIALS if not given[name.lower()]]
    if missing:
        message = f"NetSuite is not configured: set {', '.join(missing)}, or use the sandbox of `bridge up`."
        raise ConfigError(message, code="not_configured")
    return given
