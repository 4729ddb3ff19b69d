"""Which addresses a system may be reached at: the public internet, unless it says that it is in our own network.

The address is looked at on the connected socket, before a byte is sent: a name that leads to another address
from one look-up to the next gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from functools import cache

from django.conf import settings

from sync.errors import ConfigError
from sync.registry import registry

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def may_be_private(system: str) -> bool:
    """Whether the system says so: `private=True` of its declaration, or `<SYSTEM>_PRIVATE` of the environment."""
    if any(known.private for known in registry.systems if known.name == system):
        return True
    allowed: bool = settings.BRIDGE_PRIVATE_OF(system)
    return allowed


@cache
def is_public(address: str) -> bool:
    """Whether an IP address is on the public internet, also where IPv6 wraps an IPv4 one."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def check_peer(sock: socket.socket, host: str) -> None:
    """Close the socket unless it leads to the public internet. Raises ConfigError (private_address)."""
    address = sock.getpeername()[0]
    if is_public(address):
        return
    sock.close()
    raise ConfigError(
        f"{host} is {address}, which is not on the public internet, so it is not asked. If it is meant, say"
        " private=True in the declaration of the system, or set <SYSTEM>_PRIVATE=true, such as NETSUITE_PRIVATE.",
        code="private_address",
    )
