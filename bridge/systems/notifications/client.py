"""Asks Twilio, or what speaks as Twilio does: forms in, JSON out, the account's SID and token as login."""

from __future__ import annotations

from urllib.parse import quote

import msgspec
from requests.auth import HTTPBasicAuth

from bridge import env
from sync.errors import ConfigError
from sync.http import SHARED, Answer, Gate, Session
from sync.sources.rest import RestClient

ADDRESS = "https://api.twilio.com"
CREDENTIALS = ("NOTIFICATIONS_ACCOUNT_SID", "NOTIFICATIONS_AUTH_TOKEN", "NOTIFICATIONS_FROM")


class Account:
    """One account, which the environment names. Raises ConfigError (not_configured)."""

    def __init__(self, *, gate: Gate | None = SHARED) -> None:
        sid, token, self.sender = _credentials()
        # Without .json it would answer in XML.
        self.messages = f"/2010-04-01/Accounts/{quote(sid, safe='')}/Messages.json"
        url = env.text("NOTIFICATIONS_URL") or ADDRESS
        self.session = Session("notifications", url, auth=HTTPBasicAuth(sid, token), gate=gate)


def client() -> RestClient:
    """The account as it is asked whether it answers."""
    account = Account()
    return RestClient(
        "notifications",
        account.session.base_url,
        session=account.session,
        words=words,
        check_path=f"{account.messages}?PageSize=1",
    )


def words(answer: Answer) -> str:
    """Twilio's own words in an error, with its code."""
    try:
        error = msgspec.json.decode(answer.body)
        return f"{error['message']} ({error['code']})"
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
        return ""  # not an error body of its own; the caller shows what came instead


def _credentials() -> tuple[str, str, str]:
    try:
        sid, token, sender = (env.secret(name) for name in CREDENTIALS)
    except env.EnvError as error:
        raise ConfigError(error.sentence, code=error.code) from error
    missing = [name for name, value in zip(CREDENTIALS, (sid, token, sender), strict=True) if not value]
    if missing:
        message = (
            f"Notifications are not configured: set {', '.join(missing)}, or use the sandbox of `bridge up`."
        )
        raise ConfigError(message, code="not_configured")
    return sid, token, sender
