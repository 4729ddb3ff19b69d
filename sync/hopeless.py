"""Children that are out of tries become failed records, which tell what parent is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from sync import grouping, schema
from sync.fingerprint import fingerprint
from sync.ids import uuid7
from sync.mapping.in_force import in_force
from sync.missing_parent import Ends, children, faulted, missing_in_the_end
from sync.models import ErrorGroup, PendingChild
from sync.queries import query

if TYPE_CHECKING:
    from sync.jobs.claim import Claim
    from sync.pipeline.batch import SetAside

ROWS_AT_ONCE = 1_000


def give_up(claim: Claim, tries: int, ends: Callable[[], Ends]) -> Counter[str]:
    """Make failed records of some due children whose last try this was; how many, and how many stay discarded."""
    from sync.pipeline.repeat import repeated

    assert claim.entity is not None

    def transact() -> Counter[str]:
        done: Counter[str] = Counter()
        with transaction.atomic(), connection.cursor() as cursor:
            claim.hold()
            given = {"entity_id": claim.entity_id, "tries": tries, "most": ROWS_AT_ONCE}
            cursor.execute(query("hopeless_orphans"), given)
            ids = [row[0] for row in cursor.fetchall()]
            if ids:
                rows = list(children().filter(id__in=ids).order_by("key_hash"))
                told = missing_in_the_end(rows, ends)
                asides = {row: faulted(row, told.get(row.key_hash), tries) for row in rows}
                done = _fail(cursor, claim, asides)
                PendingChild.objects.filter(id__in=ids).delete()
        return done

    return repeated(transact, entity=claim.entity.path)


def _fail(cursor: Any, claim: Claim, asides: Mapping[PendingChild, SetAside]) -> Counter[str]:
    from sync.pipeline.asides import bytes_hash, columns_of, sighting
    from sync.pipeline.discards import discarded
    from sync.pipeline.raw import kept_rows

    assert claim.entity is not None
    path, entity_id = claim.entity.path, schema.entity_id(claim.entity.path)
    raws = kept_rows(cursor, [(child.batch_id, child.row_no) for child in asides])
    now = in_force(claim.entity)
    mark = fingerprint(now.registered, now.no)
    unwanted = discarded(cursor, entity_id, mark, [bytes_hash(raw) for raw in raws.values()])
    failures, sightings, gone = [], [], []
    for child, aside in asides.items():
        raw = raws.get((child.batch_id, child.row_no), b"")
        given = {"raw": raw, "raw_hash": bytes_hash(raw), "read_under": mark}
        if given["raw_hash"] in unwanted:
            gone.append(given["raw_hash"])  # somebody discarded it when its parent did not come before
            continue
        failures.append(_columns(child) | columns_of(path, aside) | given)
        sightings.append(sighting(path, aside.faults[0]))
    if failures:
        cursor.executemany(query("note_failure"), failures)
    if gone:
        seen = {"entity_id": entity_id, "read_under": mark, "hashes": gone}
        cursor.execute(query("see_discarded"), seen)
    grouping.see(cursor, ErrorGroup.Kind.RECORD, entity_id, sightings)
    return Counter(failed=len(failures), discarded=len(gone))


def _columns(child: PendingChild) -> dict[str, Any]:
    copied = ("entity_id", "key_hash", "version", "synced_at", "batch_id", "row_no", "mapping")
    # No tries by itself any more: it has had its five.
    return {name: getattr(child, name) for name in copied} | {"id": uuid7(), "wait": None}
