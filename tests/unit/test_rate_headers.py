"""What headers say of a far end's own limit, and what they can't say."""

from __future__ import annotations

import pytest

from sync.declare import RateLimitFields, XRateLimit
from sync.outbound.rates import Rate, rate_of

SECONDS, EPOCH = XRateLimit(reset="seconds"), XRateLimit(reset="epoch")
DATE = {"Date": "Sat, 21 Nov 2026 12:00:00 GMT"}  # 1795262400


def numbers(limit: str = "", remaining: str = "", reset: str = "") -> dict[str, str]:
    named = {"Limit": limit, "Remaining": remaining, "Reset": reset}
    return {f"X-RateLimit-{name}": value for name, value in named.items() if value}


@pytest.mark.parametrize(
    ("headers", "said", "rate"),
    [
        (numbers("100", "7", "30"), SECONDS, Rate(limit=100, left=7, reset=30)),
        (numbers("100", " 0 ", "0.5"), SECONDS, Rate(limit=100, left=0, reset=0.5)),
        (numbers(remaining="7"), SECONDS, Rate(left=7)),
        ({**numbers("5", "0", "1795262430"), **DATE}, EPOCH, Rate(limit=5, left=0, reset=30)),
        ({**numbers("5", "0", "1795262000"), **DATE}, EPOCH, Rate(limit=5, left=0, reset=0)),
        ({"RateLimit-Remaining": "3"}, XRateLimit(reset="seconds", prefix="RateLimit-"), Rate(left=3)),
        ({"RateLimit": '"default";r=50;t=30'}, RateLimitFields(), Rate(left=50, reset=30)),
        ({"RateLimit": "default; r=50; t=30"}, RateLimitFields(), Rate(left=50, reset=30)),
        (
            {"RateLimit": '"a, b";r=9', "RateLimit-Policy": '"a, b";q=10;qu="requests";w=60'},
            RateLimitFields(),
            Rate(left=9, reset=60, limit=10),
        ),
        (
            {"RateLimit": '"burst";r=90;t=10, "day";r=50;t=3600'},
            RateLimitFields(),
            Rate(left=50, reset=3600),
        ),
        ({"RateLimit": '"burst";r=0;t=10, "day";r=0;t=3600'}, RateLimitFields(), Rate(left=0, reset=3600)),
    ],
)
def test_it_is_read(headers: dict[str, str], said: XRateLimit | RateLimitFields, rate: Rate) -> None:
    assert rate_of(headers, said) == rate


@pytest.mark.parametrize(
    ("headers", "said", "rest", "note"),
    [
        (numbers("100", "-1", "30"), SECONDS, Rate(limit=100, reset=30), "X-RateLimit-Remaining: -1"),
        (numbers("many", "5", "30"), SECONDS, Rate(left=5, reset=30), "X-RateLimit-Limit: many"),
        (numbers("9", "5", "1795262430"), SECONDS, Rate(limit=9, left=5), "X-RateLimit-Reset: 1795262430"),
        (numbers("9", "5", "nan"), SECONDS, Rate(limit=9, left=5), "X-RateLimit-Reset: nan"),
        (numbers("9", "5", "-3"), EPOCH, Rate(limit=9, left=5), "X-RateLimit-Reset: -3"),
        (numbers("9" * 30, "5"), SECONDS, Rate(left=5), "X-RateLimit-Limit: " + "9" * 30),
        ({"RateLimit": "limit=100, remaining=5"}, RateLimitFields(), Rate(), "RateLimit: limit=100"),
        ({"RateLimit": '"a";r=-1;t=3'}, RateLimitFields(), Rate(), 'RateLimit: "a";r=-1'),
        ({"RateLimit": '"a";r=5;t=soon'}, RateLimitFields(), Rate(left=5), "RateLimit: soon"),
    ],
)
def test_what_cannot_be_read_is_ignored_and_noted(
    headers: dict[str, str], said: XRateLimit | RateLimitFields, rest: Rate, note: str
) -> None:
    found = rate_of(headers, said)

    assert found is not None
    assert (found.left, found.reset, found.limit) == (rest.left, rest.reset, rest.limit)
    assert note in (found.note or "")


def test_an_answer_without_them_says_nothing() -> None:
    assert rate_of({"Content-Type": "text/plain"}, SECONDS) is None
    assert rate_of({"Content-Type": "text/plain"}, RateLimitFields()) is None
    assert rate_of(numbers("100", "7", "30"), None) is None
