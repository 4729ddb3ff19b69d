"""Events in words for people. Their names and facts are written where they happen; the wording lives here."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sync.redaction import masked

if TYPE_CHECKING:
    from sync.models import JobEvent

WORDS = {
    "progress": "Under way",
    "retry": "Attempt {attempt} failed ({code}): {message} Tried again in {seconds} s.",
    "failed": "Failed ({code}): {message}",
    "tidied": "Deleted what is kept no longer: {versions} versions, {change_rows} rows of the feed,"
    " {raw_pages} pages of raw rows, {absent_keys} absences, {proofs} proofs of reads, {jobs} jobs,"
    " {commands} commands, {failed_records} closed failed records ({emptied} more lost their values).",
    "schema_drift": "The source's columns changed. {told}",
    "keys_repeated": "{rows} rows came with a key that another row of this read has ({keys}): of each key the newest"
    " version stands, of equal ones the first. If these are different records, declare a key that tells them apart.",
    "parked": "Parked until somebody changes the configuration ({code}): {message}",
    "interrupted": "The worker {worker} stopped; attempt {attempt} was handed back, no try burned.",
    "put_off": "Attempt {attempt} stopped for now and keeps its place.",
    "window_moved": "Rows of the window came or went while it was read, so it is read anew:",
    "recovered": "The worker {worker} died; the job goes on elsewhere.",
    "redelivered": "The wake-up was lost and sent again.",
    "deletes_unproven": "Nothing was deleted, because the read is not proven complete:",
    "deletes_proposed": "{count} of {live} records are gone at the far end: deleting so many is proposed to a person.",
    "fanned_out": "Asked for {count} jobs, and goes on when all have ended.",
    "joined": "All jobs that it asked for have ended: {success} well, {resolved} resolved, {cancelled} cancelled.",
    "retried": "Run again by {by}.",
    "edited": "Edited by {by}, and run anew as job {job}.",
    "cancelled": "Cancelled by {by}.",
    "resolved": "Resolved by {by}.",
}


def words(event: JobEvent) -> str:
    """One sentence, without secrets; an event without wording shows its name and facts."""
    template, facts = WORDS.get(event.name), masked(event.facts)
    if template is None or event.name == "progress":
        told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in facts.items())
        name = template or event.name.replace("_", " ").capitalize()
        return f"{name}: {told}" if told else name
    sentence = template.format_map(defaultdict(lambda: "?", facts))
    reason = facts.get("reason")
    return f"{sentence} {reason}" if reason else sentence


def moment(event_id: UUID) -> datetime:
    """When it happened, to the millisecond: an event's id is a UUIDv7."""
    return datetime.fromtimestamp((event_id.int >> 80) / 1000, tz=UTC)
