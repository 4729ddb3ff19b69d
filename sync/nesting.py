"""How deep JSON may be nested: what is deeper could be taken in, and then neither be shown nor sent on."""

from __future__ import annotations

from typing import Any

MOST_LEVELS = 100


def too_deep(value: Any) -> bool:
    """Whether objects and arrays stand in each other more than MOST_LEVELS deep."""
    level = [value]
    for _ in range(MOST_LEVELS + 1):
        level = [part for one in level for part in _parts(one)]
        if not level:
            return False
    return True


def _parts(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list | tuple) else ()
