"""Takes secrets out of words that are shown or stored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sync.nesting import MOST_LEVELS

HIDDEN = "***"
_NOTHING = (None, "", False, True)
_PATTERNS = (
    re.compile(r"eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*()"),  # a JSON web token, whatever stands around it
    re.compile(r"(?i)\b((?:bearer|basic)\s+)[\w\-.~+/=]{16,}"),
    re.compile(
        r"""(?ix)( ["']? [\w-]* (?:password|passwd|secret|token|signature|api[-_]?key|authorization) ["']?
            (?: \s*=\s* | "\s*:\s* ) ["']? ) [^\s"',&;}]+"""
    ),
    re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://)[^\s/@]+@"),  # name and password before a host
)

_OPENING = r"password|passwd|secret|token|signature|api[-_]?key|private[-_]?key|authorization|credential"
_NAME = re.compile(_OPENING, re.IGNORECASE)
_IN_JSON = re.compile(
    rf'("[^"\\]*(?:{_OPENING})[^"\\]*"\s*:\s*")((?:[^"\\]|\\.)+)(?="|\\?\Z)|(eyJ[\w-]{{5,}}\.[\w-]{{5,}}\.[\w-]*)',
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """The text with what looks like a password, token or signature replaced by ***."""
    text, _ = redact_json(text)  # which knows where a text within quotes ends, and that it may be cut off
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<1>{HIDDEN}", text)
    return text


def redact_json(text: str) -> tuple[str, int]:
    """The JSON with texts under names of secrets, and JSON web tokens, replaced; how many. All else keeps its bytes."""
    return _IN_JSON.subn(lambda found: f"{found[1] or ''}{HIDDEN}", text)


def is_secret(name: str) -> bool:
    """Whether what bears this name is a secret."""
    return _NAME.search(name) is not None


def masked(value: Any, levels: int = 2 * MOST_LEVELS) -> Any:
    """JSON with what bears the name of a secret, at any depth, and what looks like one in a text replaced by ***.

    What is nested deeper than so many `levels` is left out.
    """
    if isinstance(value, Mapping | list | tuple) and not levels:
        return "(nested too deeply to be shown)"
    if isinstance(value, Mapping):
        return {
            name: HIDDEN if item not in _NOTHING and is_secret(str(name)) else masked(item, levels - 1)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [masked(item, levels - 1) for item in value]
    return redact(value) if isinstance(value, str) else value


def plain_address(url: str) -> str:
    """A URL without user, password, query and fragment: what a message may show of it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(an address that cannot be read)"
    host = parts.netloc.rpartition("@")[2]
    if not parts.scheme:
        return parts.path
    return f"{parts.scheme}://{host}{parts.path}"
