"""A client for JSON over HTTP that most systems need no other than: declare the path, and how it pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

import msgspec
from requests.auth import AuthBase

from sync.errors import ConfigError, NotFound, TransientError
from sync.http import Answer, Session, Words, raise_for_status
from sync.sources import Ask, By, Page, Window
from sync.sources.ahead import Ahead
from sync.sources.envelope import beginning, opened
from sync.sources.paging import Offset, Paging, Place
from sync.sources.splitting import place_of
from sync.tape import tape_in_use


@dataclass(frozen=True, kw_only=True, slots=True)
class Rest:
    """Where an entity's records are: `Rest(path="/gadgets", items="items", key_path="/gadgets/{id}")`."""

    path: str  # of the list, below the system's address
    items: str | None = "items"  # the array in the answer, dotted where it lies deeper; None = the answer
    key_path: str | None = None  # of one record, `{ours}` filled with the key's fields; None = none
    item: str | None = None  # where the one record lies in that answer; None = the answer is the record
    since_param: str | None = None  # asked with the cursor's canonical text; None = every read is full
    until_param: str | None = None  # beside it, for windows: rows below this cursor; None = there are none
    key_params: tuple[str, str] | None = None  # for windows by key: from this one on, and below that one
    params: Mapping[str, str] = field(default_factory=dict)  # sent with every page
    paging: Paging = Offset()  # noqa: RUF009 - frozen

    @property
    def windows(self) -> frozenset[By]:
        """By what parameters are declared for."""
        able: dict[By, object] = {"key": self.key_params, "cursor": self.since_param and self.until_param}
        return frozenset(by for by, params in able.items() if params)


class RestClient:
    """Reads `Rest` resources of one system."""

    def __init__(
        self,
        system: str,
        base_url: str,
        auth: AuthBase | None = None,
        *,
        session: Session | None = None,
        words: Words | None = None,
        check_path: str = "/",
    ) -> None:
        """`words` finds the far end's own in a refusal; GET `check_path` proves address and credentials."""
        self.session = session or Session(system, base_url, auth=auth)
        self._words = words
        self._check_path = check_path

    def pages(self, resource: Rest, ask: Ask) -> Iterator[Page]:
        """Pages in the far end's order, from `ask.resume` on."""
        place = ask.resume
        before: Sequence[bytes] = ()
        total: int | None = None
        left = ask.pages
        with Ahead(lambda at: self._get(resource, self._asked(resource, ask, at))) as ahead:
            while True:
                answer = ahead.take(place)
                left = None if left is None else left - 1
                if (guess := _guess(resource, ask, place, total, left)) is not None:
                    ahead.ask(guess)
                envelope = opened(answer, resource.items)
                if envelope.rows and envelope.rows == before:
                    raise TransientError(
                        f"{envelope.what} repeats the page before: check how {resource.path} pages.",
                        code="bad_envelope",
                    )
                before = envelope.rows
                following = resource.paging.following(place, ask.page_size, envelope)
                if guess not in (None, following):
                    left = 0  # the far end gives fewer rows a page: each guess would cost a request
                total = envelope.number(resource.paging.total) if resource.paging.total else None
                yield Page(rows=before, asked_at=answer.asked_at, next=following, total=total)
                if following is None:
                    return
                place = following

    def one(self, resource: Rest, key: Mapping[str, str]) -> Page | None:
        """The record at `key_path`; None where that is not found."""
        if resource.key_path is None:
            raise ConfigError(
                f"{resource.path} cannot be read by key: declare its key_path.", code="not_read_by_key"
            )
        path = resource.key_path.format(**{name: quote(value, safe="") for name, value in key.items()})
        answer = self.session.request("GET", path, module=_module(resource))
        try:
            raise_for_status(answer, self._words)
        except NotFound:
            return None
        return Page(rows=[_record(answer, resource.item)], asked_at=answer.asked_at, next=None, total=1)

    def check(self) -> None:
        """Ask for `check_path`."""
        raise_for_status(self.session.request("GET", self._check_path), self._words)

    def _asked(self, resource: Rest, ask: Ask, place: Mapping[str, object] | None) -> dict[str, str]:
        params = {**resource.params, **resource.paging.ask(place, ask.page_size)}
        if resource.since_param and ask.since is not None:
            params[resource.since_param] = ask.since
        if ask.window is not None:
            params |= _bounds(resource, ask.window)
        return params

    def _get(self, resource: Rest, params: Mapping[str, str]) -> Answer:
        answer = self.session.request("GET", resource.path, params=params, module=_module(resource))
        try:
            raise_for_status(answer, self._words)
        except NotFound as error:
            message = f"{error.message} Check the system's address and the entity's path."
            raise ConfigError(message, code="no_such_path") from error
        return answer


def _guess(
    resource: Rest, ask: Ask, place: Place | None, total: int | None, left: int | None
) -> Place | None:
    """Where the page after the one at a place begins, if it is sure to be wanted: a recording has nothing more."""
    beyond = getattr(resource.paging, "beyond", None)  # a paging from outside may not know
    if beyond is None or total is None or ask.window is not None or tape_in_use():
        return None
    if left is not None and left <= 0:
        return None
    guess: Place | None = beyond(place, ask.page_size, total)
    return guess


def _bounds(resource: Rest, window: Window) -> dict[str, str]:
    names = resource.key_params if window.by == "key" else (resource.since_param, resource.until_param)
    if names is None or None in names:
        message = f"{resource.path} has no windows by {window.by}: declare {_DECLARES[window.by]}."
        raise ConfigError(message, code="no_windows")
    low, high = names
    return {str(low): window.low, str(high): window.high}


_DECLARES: dict[By, str] = {"key": "its key_params", "cursor": "its since_param and until_param"}


def _module(resource: Rest) -> str:
    return resource.path.strip("/")


def _record(answer: Answer, item: str | None) -> bytes:
    try:
        return _object_in(answer.body, item)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError):
        place = place_of(answer.body, item.split(".") if item else ())
        if place and answer.body[place.start : place.start + 1] == b"{":
            return answer.body[place.start : place.end]  # as odd as a row in a page may be
        what = f"{answer.system}'s answer to {answer.address}"
        expected = f"a JSON object in `{item}`" if item else "a JSON object"
        raise TransientError(
            f"{what} is not {expected}. It begins: {beginning(answer)}", code="bad_envelope"
        ) from None


def _object_in(body: bytes, item: str | None) -> bytes:
    found = msgspec.json.decode(body, type=msgspec.Raw)
    for name in item.split(".") if item else ():
        found = msgspec.json.decode(found, type=dict[str, msgspec.Raw])[name]
    msgspec.json.decode(found, type=dict[str, msgspec.Raw])
    return bytes(found)
