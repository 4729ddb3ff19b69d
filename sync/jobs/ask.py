"""What is said when work is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sync.registry import Registered


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """A wish for work. With `dedup`, an unfinished job of the same text does it instead.

    `scopes` are further limits that count it; `lanes` are what it goes through in the order of asking.
    """

    kind: str
    requested_by: str
    entity: Registered | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 0
    dedup: str | None = None
    run_after: datetime | None = None
    request_id: str | None = None
    parent_id: UUID | None = None
    scopes: Sequence[str] = ()
    lanes: Sequence[str] = ()
    without: frozenset[str] = frozenset()  # lanes that it joins neither by this nor by its kind
