"""The part of the checks that looks at budgets."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from sync.budget.limits import Limits, faults, is_zone
from sync.declare import Budget, RateHeaders, XRateLimit

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def wrong_rate_headers(said: RateHeaders | None) -> Iterator[tuple[str, str, str]]:
    """Headers that no answer can have."""
    if isinstance(said, XRateLimit):
        if not _HEADER.fullmatch(said.prefix):
            hint = "The beginning of three headers' names, such as X-RateLimit-."
            yield "E014", f"its rate headers have the prefix {said.prefix!r}", hint
        if said.reset not in ("seconds", "epoch"):
            yield "E014", f"its rate headers have reset={said.reset!r}", "Write seconds, or epoch."


def wrong_budget(budget: Budget) -> Iterator[tuple[str, str, str]]:
    """Limits of a system that let nothing through: code, what is wrong, what to do."""
    for name in ("per_second", "burst", "concurrent", "per_day"):
        amount = getattr(budget, name)
        if amount is not None and not (amount > 0 and math.isfinite(amount)):
            yield "E014", f"its budget has {name}={amount}", "More than 0, or leave it out for no limit."
            return
    given = Limits(
        rate=budget.per_second, burst=budget.burst, concurrent=budget.concurrent, per_day=budget.per_day
    )
    for name, words in faults(given):
        declared = "per_second" if name == "rate" else name
        yield "E014", f"its budget has {declared}={getattr(budget, declared)}", words
    if not is_zone(budget.zone):
        hint = "A name of the tz database, such as Europe/Berlin."
        yield "E014", f"its budget has the time zone {budget.zone!r}", hint
