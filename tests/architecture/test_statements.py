"""A rule for the hand-written SQL that costs seconds where it is broken, and only in a large table."""

from __future__ import annotations

import re

from sync.queries import statements

LEAVES = re.compile(r"\{(?:leaf|old|child)\}(?: (?:AS )?(\w+))?")


def test_records_are_found_by_their_whole_primary_key() -> None:
    # PostgreSQL 18 may answer `key_hash = ANY(…)` by skipping through the index on changed_at.
    assert [name for name, body in statements().items() if _asks_any_key(body)] == []


def _asks_any_key(body: str) -> bool:
    called = {alias for alias in LEAVES.findall(body) if alias.islower()}
    bare = bool(LEAVES.search(body)) and bool(re.search(r"(?<!\.)\bkey_hash = ANY\(", body))
    return bare or any(f"{alias}.key_hash = ANY(" in body for alias in called)
