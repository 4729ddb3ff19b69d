"""Whom a far end's certificate must be from, and what to do where it is refused."""

from __future__ import annotations

import ssl

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.exceptions import SSLError
from urllib3.util.ssl_ import create_urllib3_context

_OF_NOBODY_KNOWN = frozenset({2, 18, 19, 20, 21})
"""OpenSSL's numbers of a chain that ends in no authority of ours."""
_NOT_YET, _EXPIRED = 9, 10
_OTHER_NAMES = frozenset({62, 64})


def trusting(more: str) -> ssl.SSLContext:
    """Certificates are verified: by the public authorities and those of `more`, certificates in PEM, or ""."""
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    if more:
        context.load_verify_locations(cadata=more)
    return context


def refused(error: Exception) -> str | None:
    """What is wrong with the far end's certificate, and what to do; None where it is no matter of that."""
    cause = error.args[0] if isinstance(error, SSLError) and error.args else None
    if not isinstance(cause, ssl.SSLCertVerificationError):
        return None
    return f"{_wrong(cause.verify_code)} (OpenSSL: {cause.verify_message.rstrip('.')})."


def _wrong(code: int) -> str:
    if code in _OF_NOBODY_KNOWN:
        return (
            "its certificate is from an authority that is not known here. If that is your company's own, name a"
            " PEM file with its root certificate in BRIDGE_CA_BUNDLE and start Bridge again; if not, somebody may"
            " stand in between"
        )
    if code in _OTHER_NAMES:
        return (
            "its certificate is for other names. Set its address to a name that the certificate has, or let who"
            " runs it get one for this name"
        )
    if code == _EXPIRED:
        return "its certificate has expired. Let who runs it renew it, or set this machine's clock if that is wrong"
    if code == _NOT_YET:
        return "its certificate is not valid yet. Set this machine's clock if that is wrong, or let who runs it mend it"
    return "its certificate cannot be trusted. Let who runs it replace it"
