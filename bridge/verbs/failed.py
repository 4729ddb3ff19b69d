"""List, show, patch, retry, discard and reopen failed records.

bridge failed                                   the open ones, newest first
bridge failed show ID                           one: raw, normalized, mapped, all its errors
bridge failed patch ID --data '{"email": …}'    mend what the failed stage was given (or --data @file.json)
bridge failed retry ID                          run it again from that stage
bridge failed discard ID --reason WORDS         close it, until the source sends other bytes or the mapping changes
bridge failed reopen ID                         take that back
bridge failed groups                            the causes, each with how many records or jobs have it
bridge failed group ID --owner NAME             own it, or --remark, --fixed-in NO (a mapping), --snooze DAYS
bridge failed preview --group ID                what a retry of all its members would do; nothing is written
bridge failed retry --group ID                  run all its members again; so discard
bridge failed retry --entity E --code C         run again all that a filter finds: also --stage --field --message
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any
from uuid import UUID

from bridge.exits import OK
from bridge.printing import ago, brief, print_json, print_table, say_rest
from bridge.verbs import failed_many
from bridge.verbs.ids import identifier
from bridge.verbs.values import count
from sync.errors import InvalidRequest, NotFound

ACTS = ("list", "show", "patch", "retry", "discard", "reopen", *failed_many.ACTS)


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("act", nargs="?", choices=ACTS, default="list", metavar="|".join(ACTS))
    parser.add_argument("id", nargs="?", metavar="ID", help="of the failed record, or of the group")
    parser.add_argument("--entity", help="only records of this entity")
    parser.add_argument("--state", choices=("open", "fixed", "discarded", "superseded"), default="open")
    parser.add_argument("--limit", type=count, default=20, help="at most so many (default 20)")
    parser.add_argument("--data", metavar="JSON|@FILE", help="for patch: the values to change, by name")
    parser.add_argument("--reason", default="", help="kept with the act")
    failed_many.arguments(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Do it, and print what came of it."""
    if options.act == "list":
        return _list(options)
    if failed_many.means_many(options):
        return failed_many.run(options)
    failed_id = identifier("failed", options.act, options.id)
    if options.act == "show":
        print_json(_detailed(failed_id))
        return OK
    return _act(failed_id, options)


def _list(options: Namespace) -> int:
    from api.serializers import FailedRecordSerializer
    from sync.models import FailedRecord
    from sync.registry import registry

    rows = FailedRecord.objects.select_related("entity").filter(state=options.state).order_by("-id")
    if options.entity:
        rows = rows.filter(entity__path=registry.find(options.entity).path)
    found = list(rows[: options.limit])
    say_rest(len(found), rows, options.limit)
    if options.json:
        print_json([dict(item) for item in FailedRecordSerializer(found, many=True).data])
        return OK
    print_table(
        ("id", "entity", "stage", "code", "field", "seen", "message"),
        (
            (
                str(row.id),
                row.entity.path,
                row.stage,
                row.code,
                row.field,
                ago(row.last_seen_at),
                brief(row.message),
            )
            for row in found
        ),
        empty=f"No {options.state} failed record.",
    )
    return OK


def _act(failed_id: UUID, options: Namespace) -> int:
    from bridge.person import actor
    from sync import failures

    reason = options.reason or None
    if options.act == "patch":
        failures.mend(failed_id, _given(options.data), by=actor(), reason=reason)
        said = f"Mended; `bridge failed retry {failed_id}` runs it again."
    elif options.act == "retry":
        job = failures.retry(failed_id, by=actor(), reason=reason)
        said = f"Runs again: job {job.id}."
    elif options.act == "reopen":
        failures.reopen(failed_id, by=actor(), reason=reason)
        said = "Taken back."
    else:
        failures.discard(failed_id, by=actor(), reason=reason)
        said = "Discarded."
    if options.json:
        print_json(_detailed(failed_id))
    else:
        print(said)
    return OK


def _given(text: str | None) -> dict[str, Any]:
    """Return what --data holds; numbers keep the digits they were written with."""
    if not text:
        raise InvalidRequest(
            'Name the values to change: --data \'{"email": "a@example.com"}\'.', code="data_missing"
        )
    try:
        text = Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text
        value = json.loads(text, parse_float=str, parse_int=str)
    except OSError as error:
        raise InvalidRequest(f"Can't read {text[1:]} ({error.strerror}).", code="data_unreadable") from error
    except ValueError as error:
        raise InvalidRequest(f"--data is not JSON: {error}.", code="data_not_json") from error
    except RecursionError as error:
        raise InvalidRequest("--data is nested too deeply to be read.", code="data_not_json") from error
    if not isinstance(value, dict):
        raise InvalidRequest(
            '--data must be an object such as {"email": "a@example.com"}.', code="data_not_json"
        )
    return value


def _detailed(failed_id: UUID) -> dict[str, Any]:
    from api.serializers import FailedRecordDetailSerializer
    from sync.failures import input_of
    from sync.models import FailedRecord

    failed = FailedRecord.objects.select_related("entity").filter(pk=failed_id).first()
    if failed is None:
        raise NotFound(f"There is no failed record {failed_id}.")
    failed.__dict__["raw_text"] = bytes(failed.raw).decode("utf-8", "backslashreplace")
    failed.__dict__["input"] = input_of(failed)
    return dict(FailedRecordDetailSerializer(failed).data)
