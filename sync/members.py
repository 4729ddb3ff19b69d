"""Which open failed records are meant: those of a group, those that a filter finds, some by their ids, those due."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Func, IntegerField, QuerySet

from sync import schema
from sync.errors import InvalidRequest
from sync.models import FailedRecord
from sync.registry import registry

ROWS_A_COMMIT = 5_000
BYTES_A_COMMIT = 64 * 1024 * 1024  # of raw rows: a few of 10 MB must not fill the worker's memory
FILTERS = ("entity", "stage", "code", "field", "message")


@dataclass(frozen=True, kw_only=True)
class Members:
    """What is given narrows; `message` is a part of the text. Only open failed records are ever meant."""

    entity: str | None = None  # its path
    stage: str | None = None
    code: str | None = None
    field: str | None = None
    message: str | None = None
    fingerprint: str | None = None
    failed: tuple[str, ...] | None = None  # ids
    due: str | None = None  # whose next try lies before this moment

    @classmethod
    def of_filter(cls, given: Mapping[str, str | None]) -> Members:
        """Those that a person's filter finds. Raises InvalidRequest for an empty one, UnknownEntity."""
        named: dict[str, Any] = {name: given[name] for name in FILTERS if given.get(name)}
        if not named:
            message = f"Say which failed records you mean: give one of {', '.join(FILTERS)}."
            raise InvalidRequest(message, code="filter_missing")
        if entity := named.get("entity"):
            named["entity"] = registry.find(entity).path
        return cls(**named)

    @classmethod
    def of_params(cls, params: Mapping[str, Any]) -> Members:
        """Those of a job."""
        if where := params.get("where"):
            return cls(**where)
        return cls(failed=tuple(params["failed"]))

    def told(self) -> dict[str, Any]:
        """What is given, as JSON."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def rows(self, *, entity: str | None = None, until: uuid.UUID | None = None) -> QuerySet[FailedRecord]:
        """The records in the order of their ids; of one entity, and first failed before `until` (a UUIDv7)."""
        rows = FailedRecord.objects.filter(state=FailedRecord.State.OPEN).order_by("id")
        if path := entity or self.entity:
            rows = rows.filter(entity_id=schema.entity_id(path))
        named = {"stage": self.stage, "code": self.code, "field": self.field, "fingerprint": self.fingerprint}
        rows = rows.filter(**{name: value for name, value in named.items() if value is not None})
        if self.message is not None:
            rows = rows.filter(message__icontains=self.message)
        if self.failed is not None:
            rows = rows.filter(id__in=self.failed)
        if self.due is not None:
            rows = rows.filter(next_try_at__lte=datetime.fromisoformat(self.due))
        return rows if until is None else rows.filter(id__lte=until)

    def entities(self) -> list[str]:
        """The paths of the entities that have such records."""
        ids = self.rows().order_by().values_list("entity_id", flat=True).distinct()
        names = {registered.path: schema.entity_id(registered.path) for registered in registry}
        found = set(ids)
        return [path for path, number in names.items() if number in found]


def chunk(
    rows: QuerySet[FailedRecord], after: uuid.UUID | None, most: int = ROWS_A_COMMIT
) -> list[uuid.UUID]:
    """The ids of the next records, as many as one commit bears."""
    if after is not None:
        rows = rows.filter(id__gt=after)
    size = Func(F("raw"), function="octet_length", output_field=IntegerField())
    ids: list[uuid.UUID] = []
    total = 0
    for number, length in rows.annotate(size=size).values_list("id", "size")[:most]:
        total += length
        if ids and total > BYTES_A_COMMIT:
            break
        ids.append(number)
    return ids
