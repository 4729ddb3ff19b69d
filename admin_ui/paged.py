"""Which part of a rehearsal a mapping's page shows, and the links to the parts beside it."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from admin_ui import render
from sync.mapping.rehearsed import Found, Kind
from sync.models import Mapping

ROWS = 100  # of a part


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the address asks for; what it cannot mean is the beginning of the last rehearsal."""

    rehearsal: UUID | None = None
    diffs: int = 0  # the first row shown, counted from 0
    faults: int = 0

    @classmethod
    def of(cls, query: MappingOf[str, str]) -> Shown:
        """As the query says."""
        return cls(
            rehearsal=_identifier(query.get("rehearsal", "")),
            diffs=_number(query.get("diffs", "")),
            faults=_number(query.get("faults", "")),
        )

    def first(self, kind: Kind) -> int:
        """The first row of a kind that is shown."""
        return self.diffs if kind == "diffs" else self.faults

    def pager(self, mapping: Mapping, kind: Kind, found: Found) -> dict[str, Any] | None:
        """Words and links for the template; None where all is shown."""
        if found.of <= ROWS:
            return None
        last = found.start + len(found.rows)
        words = f"{found.start + 1:,} to {last:,} of {found.of:,}" if found.rows else f"0 of {found.of:,}"
        before = max(min(found.start, found.of) - ROWS, 0) if found.start else None
        here = replace(self, rehearsal=found.job_id)
        links = {"before": before, "after": found.after}
        return {"words": words} | {
            name: None if start is None else here._address(mapping, kind, start)
            for name, start in links.items()
        }

    def _address(self, mapping: Mapping, kind: Kind, start: int) -> str:
        place = {"diffs": self.diffs, "faults": self.faults, kind: start}
        path = render.address("sync_mapping_change", mapping.pk, rehearsal=self.rehearsal, **place)
        return f"{path}#{kind}"


def _identifier(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
