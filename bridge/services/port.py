"""Whether a port can be had, and which one is free."""

from __future__ import annotations

import errno
import socket

from bridge.errors import StartError


def port(text: str) -> int:
    """A port as an option names it; 0 stands for any that is free. Raises ValueError."""
    number = int(text)
    if not 0 <= number <= 65_535:
        raise ValueError(text)
    return number


def ensure_free(host: str, port: int) -> None:
    """Raise StartError where nothing of ours could listen there (port_taken, port_refused, host_unknown)."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        sentence = f"{host!r} is not an address of this machine ({error.strerror}): try --host 127.0.0.1."
        raise StartError("host_unknown", sentence) from error
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except OSError as error:
            raise _refused(host, port, error) from error


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _refused(host: str, port: int, error: OSError) -> StartError:
    if error.errno == errno.EADDRINUSE:
        sentence = f"Port {port} on {host} is taken by another program: choose another with --port."
        return StartError("port_taken", sentence)
    sentence = (
        f"Nothing may listen on {host} port {port} ({error.strerror}): choose another --host or --port."
    )
    return StartError("port_refused", sentence)
