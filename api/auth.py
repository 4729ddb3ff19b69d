"""Who calls: service tokens (JWT, HS256) with scopes. A session of the admin is not a way in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import jwt
from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from api.scopes import all_scopes
from sync.audit import Actor
from sync.errors import InvalidRequest

if TYPE_CHECKING:
    from rest_framework.views import APIView  # it loads this module itself, through the settings

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which imports this module, by the settings

ALGORITHM = "HS256"
REQUIRED = ["exp", "iat", "sub", "aud", "iss"]
LEEWAY = 5  # seconds two clocks may differ
REMEMBERED_FOR = 60.0  # seconds a verified token is believed, so that a changed secret is noticed
MOST_REMEMBERED = 1_000  # tokens; each is a client of ours, so this is plenty

# enforce_minimum_key_length: a short secret is refused here too, where the checks were skipped.
_jwt = jwt.PyJWT(options={"enforce_minimum_key_length": True})
_verified: dict[str, tuple[Client, float, float]] = {}


@dataclass(frozen=True, slots=True)
class Client:
    """The service behind a token."""

    name: str
    scopes: frozenset[str]
    is_authenticated: bool = True
    is_active: bool = True

    def __str__(self) -> str:
        return self.name


class ServiceToken(BaseAuthentication):
    """`Authorization: Bearer <token>`; raises AuthenticationFailed with a code that says what is wrong."""

    def authenticate(self, request: Request) -> tuple[Client, str] | None:
        """The client of the token; None where no token was sent."""
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        return client_of(header), header

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return 'Bearer realm="bridge"'


class HasScope(BasePermission):
    """The view says `scopes = {"GET": "read", …}`, or a function of the view; other methods are open to no token."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Raises PermissionDenied naming the scope that is missing."""
        if not isinstance(request.user, Client):
            return False
        needed = scope_of(view, request.method or "GET")
        if needed is None or needed in request.user.scopes:
            return True
        raise PermissionDenied(
            f"This needs the scope {needed!r}; {request.user}'s token has {_listed(request.user.scopes)}.",
            code="scope_missing",
        )


def scope_of(view: Any, method: str) -> str | None:
    """The scope a view wants for a method; HEAD is GET. None = not served: the view answers 405."""
    scopes: dict[str, str | Callable[[Any], str]] = getattr(view, "scopes", {})
    scope = scopes.get("GET" if method in {"HEAD", "OPTIONS"} else method)
    return scope(view) if callable(scope) else scope


def actor(request: Request) -> Actor:
    """Who acts, for the audit: the client of a token, or the user of an admin session."""
    return Actor(
        name=str(request.user), door="api", request_id=str(getattr(request, "request_id", "")) or None
    )


def mint(client: str, scopes: Iterable[str], lifetime: timedelta) -> str:
    """A token for a client. Raises InvalidRequest (bad_scope, bad_client, bad_lifetime)."""
    wanted = sorted(set(scopes))
    known = all_scopes()
    if unknown := [scope for scope in wanted if scope not in known]:
        raise InvalidRequest(
            f"There is no scope {unknown[0]!r}. Known are: {', '.join(known)}.", code="bad_scope"
        )
    if not wanted:
        raise InvalidRequest(f"Name at least one scope of: {', '.join(known)}.", code="bad_scope")
    if not client.strip():
        raise InvalidRequest("Name the client the token is for.", code="bad_client")
    if lifetime <= timedelta(0):
        raise InvalidRequest("The lifetime must be longer than nothing.", code="bad_lifetime")
    now = int(time.time())
    claims = {
        "iss": settings.BRIDGE_JWT_ISSUER,
        "aud": settings.BRIDGE_JWT_AUDIENCE,
        "sub": client.strip(),
        "iat": now,
        "exp": now + int(lifetime.total_seconds()),
        "scopes": wanted,
    }
    return jwt.encode(claims, settings.BRIDGE_JWT_SECRET, algorithm=ALGORITHM)


def client_of(header: str) -> Client:
    """The client behind an Authorization header. Raises AuthenticationFailed."""
    now = time.time()
    if known := _verified.get(header):
        client, expires, verified = known
        if now < expires and now - verified < REMEMBERED_FOR:
            return client
        _verified.pop(header, None)
    client, expires = _verify(header)
    while len(_verified) >= MOST_REMEMBERED:
        _verified.pop(next(iter(_verified)), None)
    _verified[header] = (client, expires, now)
    return client


def forget_tokens() -> None:
    """Believe no token any more without verifying it (the secret changed)."""
    _verified.clear()


def _verify(header: str) -> tuple[Client, float]:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise AuthenticationFailed("Send the token as `Authorization: Bearer <token>`.", code="token_invalid")
    try:
        claims = _jwt.decode(
            token.strip(),
            settings.BRIDGE_JWT_SECRET,
            algorithms=[ALGORITHM],  # fixed: never the one that the token names
            audience=settings.BRIDGE_JWT_AUDIENCE,
            issuer=settings.BRIDGE_JWT_ISSUER,
            leeway=LEEWAY,
            options={"require": REQUIRED},
        )
    except jwt.ExpiredSignatureError:
        raise AuthenticationFailed("The token has expired: get a new one.", code="token_expired") from None
    except (jwt.InvalidTokenError, ValueError) as error:
        # ValueError: PyJWT lets those of the base64 and JSON modules through for some broken tokens.
        sentence = (
            f"The token was refused ({str(error).rstrip('.')}): get a new one, `bridge token` makes it."
        )
        raise AuthenticationFailed(sentence, code="token_invalid") from None
    return Client(str(claims["sub"]), _scopes(claims)), float(claims["exp"])


def _scopes(claims: dict[str, Any]) -> frozenset[str]:
    listed = claims.get("scopes")
    if isinstance(listed, list):
        return frozenset(str(scope) for scope in listed)
    words = claims.get("scope", listed)  # RFC 8693: one string, parted by blanks
    return frozenset(words.replace(",", " ").split()) if isinstance(words, str) else frozenset()


def _listed(scopes: frozenset[str]) -> str:
    return ", ".join(sorted(scopes)) or "none"
