"""Connections that are kept for the next request, of any client of the process."""

from __future__ import annotations

import socket
from functools import cache
from typing import Any

from django.conf import settings
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from sync.outbound.addresses import check_peer
from sync.outbound.certificates import trusting
from sync.outbound.deadline import guard


class PlainConnection(HTTPConnection):
    """Ends with its request's deadline."""

    def connect(self) -> None:
        """Connect, and let the deadline know the socket."""
        super().connect()
        guard(self.sock)

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Let the deadline know the socket where it is a kept one."""
        guard(self.sock)
        super().request(*args, **kwargs)


class SecureConnection(PlainConnection, HTTPSConnection):
    """The same, over TLS."""


class PublicPlainConnection(PlainConnection):
    """Reaches public addresses only."""

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        check_peer(sock, self.host)
        return sock


class PublicSecureConnection(PublicPlainConnection, SecureConnection):
    """The same, over TLS; looks before the handshake."""


def pools(*, private: bool) -> PoolManager:
    """All connections of this process. Those that may lead to private addresses are never given to others."""
    return _pools(private, settings.BRIDGE_CA_BUNDLE)


@cache
def _pools(private: bool, trusted: str) -> PoolManager:
    found = PoolManager(num_pools=32, maxsize=16, ssl_context=trusting(trusted))
    plain, secure = (
        (PlainConnection, SecureConnection) if private else (PublicPlainConnection, PublicSecureConnection)
    )
    found.pool_classes_by_scheme = {
        "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }
    return found
