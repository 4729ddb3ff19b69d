"""What a far end's headers say of its own rate limit, where its system declares which ones it sends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sync.declare import RateHeaders, XRateLimit
from sync.outbound.waits import LONGEST_WAIT, moment

MOST = 10**15
"""No limit is larger: such a number is none."""
LONGEST_VALUE = 80
"""Characters of a bad value that are told."""
_FIELD, _POLICY = "RateLimit", "RateLimit-Policy"
# An item of a list of HTTP's structured fields: a name, quoted or not, and parameters.
_ITEM = re.compile(r'\s*(?:"([^"]*)"|([A-Za-z*][\w:/!#$%&\'*+.^`|~-]*))((?:\s*;[^,]*)?)\s*(?:,|$)')
_PARAMETER = re.compile(r";\s*([a-z*][a-z0-9_.*-]*)\s*=\s*([^;\s]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """What is left of a far end's own limit. None = it does not say."""

    left: int | None = None  # requests
    reset: float | None = None  # seconds until it begins anew
    limit: int | None = None  # requests of the whole window
    note: str | None = None  # what could not be read, and was ignored


def rate_of(headers: Mapping[str, str], said: RateHeaders | None) -> Rate | None:
    """What the headers say; None where the answer has none of them. Bad values are ignored, and noted."""
    if said is None:
        return None
    if isinstance(said, XRateLimit):
        return _numbers(headers, said)
    return _fields(headers)


def _numbers(headers: Mapping[str, str], said: XRateLimit) -> Rate | None:
    notes: list[str] = []
    found = {}
    for name in ("Limit", "Remaining", "Reset"):
        header = f"{said.prefix}{name}"
        if text := headers.get(header, "").strip():
            number = _seconds(text, headers, said) if name == "Reset" else _count(text)
            found[name] = number
            if number is None:
                notes.append(_told(header, text))
    if not found:
        return None
    left, limit = found.get("Remaining"), found.get("Limit")
    return Rate(
        left=None if left is None else int(left),
        reset=found.get("Reset"),
        limit=None if limit is None else int(limit),
        note="; ".join(notes) or None,
    )


def _seconds(text: str, headers: Mapping[str, str], said: XRateLimit) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    if said.reset == "epoch":
        # By the far end's own clock where it tells it.
        now = moment(headers.get("Date", "")) or datetime.now(UTC)
        number = max(number - now.timestamp(), 0.0) if number >= 0 else number
    return _until(number)


def _fields(headers: Mapping[str, str]) -> Rate | None:
    """Several policies may be in force: the one that lets the least through counts."""
    text = headers.get(_FIELD, "").strip()
    if not text:
        return None
    items = dict(_items(text))
    policies = dict(_items(headers.get(_POLICY, "")))
    rates = [
        _rate(parameters, policies.get(name, {})) for name, parameters in items.items() if "r" in parameters
    ]
    if not rates or any(rate.left is None for rate in rates):
        return Rate(note=_told(_FIELD, text))
    return min(rates, key=_pace)


def _rate(parameters: Mapping[str, str], policy: Mapping[str, str]) -> Rate:
    window = parameters.get("t", policy.get("w", ""))
    reset = _count(window)
    return Rate(
        left=_count(parameters["r"]),
        reset=None if reset is None else _until(float(reset)),
        limit=_count(policy.get("q", "")),
        note=_told(_FIELD, window) if window and (reset is None or _until(float(reset)) is None) else None,
    )


def _pace(rate: Rate) -> tuple[float, float]:
    """Requests a second until it begins anew; of two that let nothing through the longer one counts."""
    left, reset = rate.left or 0, rate.reset or 0.0
    return (left / reset if reset else float(left), -reset)


def _items(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    at = 0
    while at < len(text) and (found := _ITEM.match(text, at)):
        yield found[1] or found[2], dict(_PARAMETER.findall(found[3]))
        at = found.end()


def _count(text: str) -> int | None:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else MOST
    return number if number < MOST else None


def _until(seconds: float) -> float | None:
    # A day is the longest window there is; what is longer is written in another unit. False for NaN too.
    return seconds if 0 <= seconds <= LONGEST_WAIT else None


def _told(header: str, text: str) -> str:
    return f"{header}: {text[:LONGEST_VALUE]}"
