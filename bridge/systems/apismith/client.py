"""Reads an Oracle ERP through APISmith's runtime API, with a token that Bridge mints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import msgspec

from bridge import env
from sync.errors import ConfigError, NotFound
from sync.http import SHARED, Answer, Gate, Session, raise_for_status
from sync.sources import Ask, By, Page, Window
from sync.sources.auth import ServiceToken
from sync.sources.envelope import opened
from sync.sources.paging import Offset
from sync.sources.rest import Rest, RestClient

PAGING = Offset(more="hasMore", total="total", largest=10_000)
MODIFIED = "LAST_UPDATE_DATE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Runtime:
    """An entity of the runtime API."""

    entity: str
    key: Mapping[str, str]  # ours → its column, for reads by key
    number: str | None = None  # the column of the key that is a number, for windows by key

    @property
    def path(self) -> str:
        """Where it is read."""
        return f"/api/v1/runtime/{self.entity}/execute"

    @property
    def windows(self) -> tuple[By, ...]:
        """By the moment of the last change, and by a key that is a number."""
        return ("key", "cursor") if self.number else ("cursor",)


class ApiSmith:
    """The client of the APISmith that the environment names. Raises ConfigError (not_configured)."""

    def __init__(self, *, gate: Gate | None = SHARED) -> None:
        url, secret, audience = _configured()
        auth = ServiceToken(secret, audience=audience)
        self._session = Session("apismith", url, auth=auth, gate=gate)
        self._rest = RestClient("apismith", url, session=self._session, words=words)

    def pages(self, resource: Runtime, ask: Ask) -> Iterator[Page]:
        """Pages by offset, in the order of the key."""
        within = {"filters": _within(resource, ask.window)} if ask.window else {}
        plain = Rest(path=resource.path, since_param="since", params=within, paging=PAGING)
        return self._rest.pages(plain, replace(ask, window=None))

    def one(self, resource: Runtime, key: Mapping[str, str]) -> Page | None:
        """The row with that key, found by filters; None where there is none."""
        filters = {resource.key[ours]: text for ours, text in key.items()}
        answer = self._execute(resource, {"limit": 1, "filters": msgspec.json.encode(filters).decode()})
        envelope = opened(answer, "items")
        if not envelope.rows:
            return None
        return Page(rows=envelope.rows[:1], asked_at=answer.asked_at, next=None, total=1)

    def check(self) -> None:
        """Ask for one customer."""
        self._execute(Runtime(entity="customers", key={}), {"limit": 1})

    def _execute(self, resource: Runtime, params: Mapping[str, str | int]) -> Answer:
        answer = self._session.request("GET", resource.path, params=params, module=resource.entity)
        try:
            raise_for_status(answer, words)
        except NotFound as error:
            raise ConfigError(f"{error.message} Check APISMITH_URL.", code="no_such_path") from error
        return answer


def _within(resource: Runtime, window: Window) -> str:
    column = MODIFIED if window.by == "cursor" else resource.number
    if column is None:
        message = f"The keys of {resource.entity} are no numbers: windows of them go by the cursor."
        raise ConfigError(message, code="no_windows")
    return msgspec.json.encode({column: {"gte": window.low, "lt": window.high}}).decode()


def words(answer: Answer) -> str:
    """APISmith's own words in an error."""
    try:
        error = msgspec.json.decode(answer.body)["error"]
        return f"{error['message']} ({error['code']})"
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
        return ""  # not an error body of APISmith's; the caller shows what came instead


def _configured() -> tuple[str, str, str]:
    try:
        given = {name: env.secret(name) for name in ("APISMITH_URL", "INTERNAL_SERVICE_JWT_SECRET")}
    except env.EnvError as error:
        raise ConfigError(error.sentence, code=error.code) from error
    missing = [name for name, value in given.items() if not value]
    if missing:
        message = f"APISmith is not configured: set {', '.join(missing)}, or use the sandbox of `bridge up`."
        raise ConfigError(message, code="not_configured")
    url, secret = given.values()
    return url, secret, env.text("APISMITH_AUDIENCE", "apismith")
