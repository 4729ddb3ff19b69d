"""How requests are signed. Each is an `auth` of a Session."""

from __future__ import annotations

import threading
import time

import jwt
from requests import PreparedRequest
from requests.auth import AuthBase
from requests_oauthlib import OAuth1

from sync.errors import ConfigError

LONGEST_TOKEN = 300
"""Seconds a service token lives: whoever steals one has it for minutes."""
SHORTEST_SECRET = 32
"""Bytes; RFC 7518 asks HS256 keys to be at least as long as the hash."""
_RENEW = 60  # seconds before its end: the far end's clock may be ahead of ours


class Bearer(AuthBase):
    """A token that was given to us."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class ServiceToken(AuthBase):
    """A token that Bridge mints for itself (HS256), kept until a minute before its end. Safe for threads.

    Raises ConfigError (short_secret).
    """

    def __init__(
        self, secret: str, *, audience: str, issuer: str = "bridge", lifetime: int = LONGEST_TOKEN
    ) -> None:
        if len(secret.encode()) < SHORTEST_SECRET:
            message = (
                f"The secret for {audience} has fewer than {SHORTEST_SECRET} bytes: openssl rand -hex 32."
            )
            raise ConfigError(message, code="short_secret")
        self._secret = secret
        self._claims = {"iss": issuer, "aud": audience, "sub": issuer}
        self._lifetime = min(lifetime, LONGEST_TOKEN)
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token()}"
        return request

    def token(self) -> str:
        """A token with at least half of its life, or a minute, before it."""
        with self._lock:
            now = time.time()
            if now >= self._renew_at:
                claims = {**self._claims, "iat": int(now), "exp": int(now) + self._lifetime}
                self._token = jwt.encode(claims, self._secret, algorithm="HS256")
                self._renew_at = now + max(self._lifetime - _RENEW, self._lifetime / 2)
            return self._token


class TokenBased(AuthBase):
    """Token-based authentication: OAuth 1.0a, HMAC-SHA256, no round trip to sign in."""

    def __init__(
        self, *, realm: str, consumer_key: str, consumer_secret: str, token_id: str, token_secret: str
    ) -> None:
        self._sign = OAuth1(
            consumer_key,
            client_secret=consumer_secret,
            resource_owner_key=token_id,
            resource_owner_secret=token_secret,
            signature_method="HMAC-SHA256",
            realm=realm,
        )

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        signed: PreparedRequest = self._sign(request)
        header = signed.headers["Authorization"]
        if isinstance(header, bytes):  # as requests-oauthlib leaves it; nothing else in a request is bytes
            signed.headers["Authorization"] = header.decode("ascii")
        return signed
