"""The Twilio of the sandbox: messages sent, listed late, and told of by callbacks; nothing leaves this machine."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl

from bridge import env
from bridge.sandbox.exchange import Request, Response
from bridge.sandbox.store import Store, Table, UnknownError
from bridge.sandbox.tokens import Columns
from bridge.sandbox.view import View
from bridge.sandbox.webhooks import Sender
from bridge.systems.notifications import listing, message
from bridge.systems.notifications.callbacks import carried, described, signed
from bridge.systems.notifications.refusals import ProviderError

# No secrets: they open the sandbox only. The number is Twilio's own for trying.
CREDENTIALS = {
    "NOTIFICATIONS_ACCOUNT_SID": "AC" + "0" * 32,
    "NOTIFICATIONS_AUTH_TOKEN": "sandbox-notifications-token-not-secret",
    "NOTIFICATIONS_FROM": "+15005550006",
}
LISTED_AFTER = 1.0
"""Seconds until a new message is in lists, where no mood says otherwise."""
_WORDS = {429: "Too Many Requests", 500: "Internal Server Error"}


class Twilio:
    """Answers /2010-04-01/Accounts/{sid}/Messages[/{sid}].json: POST, GET and DELETE."""

    name = "notifications"
    concurrent: int | None = None

    def __init__(self, account: str, token: str) -> None:
        self._account, self._token = account, token
        self._place = f"/2010-04-01/Accounts/{account}/Messages"
        self._messages = Table(name="messages", names=("message",), key={"sid": str}, load=list)
        self.store = Store(self._messages)
        self._courier = Sender(self.store, described, signed(token))
        self.sender: Sender | None = self._courier

    def entity_of(self, request: Request) -> str | None:
        """There are messages only."""
        return "messages"

    def refusal(self, status: int) -> Response:
        """Refuse under load (429) or in trouble (500)."""
        refused = ProviderError(status, 20_000 + status, _WORDS[status]).response()
        return replace(refused, headers={"Retry-After": "1"} if status == 429 else {})

    def answer(self, request: Request, view: View) -> Response:
        """Answer a request, in Twilio's words when it is refused."""
        try:
            self._check_login(request)
            return self._route(request, view)
        except ProviderError as error:
            return error.response()
        except UnknownError:
            return _not_found(request).response()

    def _check_login(self, request: Request) -> None:
        pair = base64.b64encode(f"{self._account}:{self._token}".encode()).decode()
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Basic {pair}".encode()):
            raise ProviderError(401, 20003, "Authenticate")

    def _route(self, request: Request, view: View) -> Response:
        place, _, rest = request.path.removesuffix(".json").partition(self._place)
        if place or request.path == request.path.removesuffix(".json") or rest.count("/") > 1:
            raise _not_found(request)
        key = (rest.removeprefix("/"),)
        match request.method, bool(rest):
            case "POST", False:
                return self._taken(message.accepted(_form(request), self._account))
            case "GET", False:
                return listing.answer(request, self._messages, _own_delay(view))
            case "GET", True:
                return Response(body=message.shown(self._messages.find(key)))
            case "DELETE", True:
                self._messages.delete(key)
                return Response(status=204)
        raise ProviderError(405, 20004, "Method not allowed")

    def _taken(self, columns: Columns) -> Response:
        row = self._messages.add(columns)
        self._courier.run(carried(self._messages, row))
        return Response(status=201, body=message.shown(row))


def far_end() -> Twilio:
    """Make the far end, without messages."""
    return Twilio(*(env.secret(name, CREDENTIALS[name]) for name in list(CREDENTIALS)[:2]))


def _own_delay(view: View) -> View:
    return view if view.late is not None else replace(view, late=LISTED_AFTER)


def _form(request: Request) -> Mapping[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind != "application/x-www-form-urlencoded":
        return {}
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def _not_found(request: Request) -> ProviderError:
    return ProviderError(404, 20404, f"The requested resource {request.path} was not found")
