"""Token-based authentication: OAuth 1.0a signed with HMAC-SHA256, verified for real."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from bridge.sandbox.exchange import Request
from bridge.sandbox.suitetalk.errors import login_refused

WINDOW = 300  # seconds a time stamp may be off, either way
SHORTEST_NONCE = 6
_FIELD = re.compile(r'([A-Za-z_]+)="([^"]*)"')


@dataclass(frozen=True, kw_only=True)
class Account:
    """Who may log in, and with what."""

    realm: str
    consumer_key: str
    consumer_secret: str
    token_id: str
    token_secret: str


class Login:
    """Lets in requests signed for one account, each nonce once; safe for threads."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._lock = threading.Lock()
        self._seen: dict[str, float] = {}

    def check(self, request: Request) -> None:
        """Raise a 401 VendorError whose note says what is wrong, or return."""
        given = _fields(request.headers.get("authorization", ""))
        expected = {
            "realm": self._account.realm,
            "oauth_consumer_key": self._account.consumer_key,
            "oauth_token": self._account.token_id,
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_version": given.get("oauth_version") and "1.0",
        }
        wrong = [name for name, value in expected.items() if given.get(name) != value]
        if wrong:
            raise login_refused(f"wrong or missing {', '.join(wrong)}")
        self._check_time(given.get("oauth_timestamp", ""))
        if len(given.get("oauth_nonce", "")) < SHORTEST_NONCE:
            raise login_refused(f"nonce shorter than {SHORTEST_NONCE} characters")
        if not hmac.compare_digest(
            self._signature(request, given), given.get("oauth_signature", "").encode()
        ):
            raise login_refused("signature does not match")
        self._use(given["oauth_nonce"])

    def _check_time(self, stamp: str) -> None:
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > WINDOW:
            raise login_refused(f"timestamp {stamp or 'missing'}: more than {WINDOW} s off")

    def _use(self, nonce: str) -> None:
        with self._lock:
            now = time.monotonic()
            if nonce in self._seen:
                raise login_refused("nonce used before")
            if len(self._seen) > 10_000:
                self._seen = {kept: at for kept, at in self._seen.items() if now - at < 2 * WINDOW}
            self._seen[nonce] = now

    def _signature(self, request: Request, given: Mapping[str, str]) -> bytes:
        signed = [(name, value) for name, value in given.items() if name not in ("realm", "oauth_signature")]
        pairs = sorted((_escape(name), _escape(value)) for name, value in [*request.params, *signed])
        joined = "&".join(f"{name}={value}" for name, value in pairs)
        text = "&".join((request.method, _escape(_base_url(request.url)), _escape(joined)))
        key = f"{_escape(self._account.consumer_secret)}&{_escape(self._account.token_secret)}"
        return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest())


def _fields(header: str) -> dict[str, str]:
    scheme, _, rest = header.partition(" ")
    return {name: unquote(value) for name, value in _FIELD.findall(rest)} if scheme.lower() == "oauth" else {}


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.removesuffix(":80") if parts.scheme == "http" else parts.netloc.removesuffix(":443")
    return f"{parts.scheme}://{host}{parts.path}"


def _escape(text: str) -> str:
    return quote(text, safe="~")
