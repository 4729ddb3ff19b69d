"""A record's lineage: the job and batch it came with, its raw row, and each value stage by stage."""

from __future__ import annotations

from typing import Any

from admin_ui import render
from admin_ui.mapping_versions import version_of
from admin_ui.render import NONE
from sync.history.lineage import Lineage, lineage
from sync.models import RecordRow
from sync.registry import registry

_MATCH = {True: "yes", False: "no", None: "the raw row is kept no longer"}


def lineage_tables(record: RecordRow) -> list[dict[str, Any]]:
    """Where the record came from, then its values from left to right; nothing for an undeclared entity."""
    path = record.entity.path
    found = lineage(registry.find(path), record.key_hash) if path in registry else None
    if found is None:
        return []
    refused = [_failures(found)] if found.failures else []
    return [_origin(found, record.entity_id), *refused, _fields(found)]


def _origin(found: Lineage, entity_id: int) -> dict[str, Any]:
    origin, batch, job = found.origin, found.batch, found.job
    pages = NONE if batch is None else f"{batch.resume.get('first')} to {batch.resume.get('last')}"
    rows = [
        ["Job", NONE if job is None else render.link(job.pk, "sync_job_change", job.pk)],
        ["Batch", NONE if batch is None else render.link(batch.pk, "sync_batch_change", batch.pk)],
        ["Pages", pages],
        ["Row", origin.row_no],
        ["Mapping", version_of(entity_id, origin.mapping)],
        ["Version at the source", origin.version or NONE],
        ["Raw hash", origin.raw_hash.hex],
        ["Bytes are those of the raw hash", _MATCH[found.same_bytes]],
        ["Stages make the same data today", _MATCH[found.same_data]],
        ["Raw row", NONE if found.raw is None else render.block(_text(found.raw))],
    ]
    refused = found.stages.refused if found.stages else ()
    rows += [["Refused today", words] for words in refused]
    return {"title": "Lineage", "headers": ["", "What"], "rows": rows, "empty": ""}


def _failures(found: Lineage) -> dict[str, Any]:
    rows = [
        [
            render.link(failed.state, "sync_failedrecord_change", failed.pk),
            version_of(failed.entity_id, failed.mapping),
            failed.stage,
            _shown(failed.message),
            render.ago(failed.first_seen_at),
            failed.closed_by or NONE,
        ]
        for failed in found.failures
    ]
    headers = ["Failed record", "Mapping", "Stage", "Error", "First seen", "Closed by"]
    return {"title": "Refused on its way", "headers": headers, "rows": rows, "empty": ""}


def _fields(found: Lineage) -> dict[str, Any]:
    rows = [
        [
            told.field,
            told.column or "computed",
            _shown(told.raw),
            _shown(told.normalized),
            _shown(told.mapped),
        ]
        for told in (found.values if found.stages else ())
    ]
    headers = ["Field", "Column at the source", "Raw", "Normalized", "Mapped"]
    return {"title": "Values", "headers": headers, "rows": rows, "empty": "The raw row is kept no longer."}


def _shown(value: Any) -> str:
    text = NONE if value is None else str(value)
    return text if len(text) <= 120 else f"{text[:119]}…"


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
