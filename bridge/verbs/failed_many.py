"""`bridge failed` on many: groups by cause, and what a filter finds."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bridge.errors import StartError
from bridge.exits import OK
from bridge.printing import ago, brief, print_json, print_table, say_rest
from bridge.verbs.ids import identifier
from bridge.verbs.values import count, days
from sync.errors import Conflict

if TYPE_CHECKING:
    from sync.members import Members
    from sync.models import ErrorGroup

ACTS = ("groups", "group", "preview")
FILTERS = ("entity", "stage", "code", "field", "message")


def arguments(parser: ArgumentParser) -> None:
    """Declare the options that name many, and those of a group."""
    parser.add_argument("--group", metavar="ID", help="all open members of this group")
    parser.add_argument("--stage", help="only those that this stage refused")
    parser.add_argument("--code", help="only those with this code")
    parser.add_argument("--field", help="only those with this field")
    parser.add_argument("--message", metavar="WORDS", help="only those whose message has these words")
    parser.add_argument("--all", action="store_true", help="groups: closed ones too; preview: all records")
    parser.add_argument("--owner", metavar="NAME", help="for group: who is at it")
    parser.add_argument("--remark", metavar="WORDS", help="for group: what others should know")
    parser.add_argument("--fixed-in", type=count, metavar="NO", help="for group: the mapping that fixes it")
    parser.add_argument("--snooze", type=days, metavar="DAYS", help="for group: keep it out of the list")


def means_many(options: Namespace) -> bool:
    """Whether an act is meant for more than the one record of an id."""
    if options.act in ACTS:
        return True
    named = options.group or any(getattr(options, name) for name in FILTERS)
    return options.act in {"retry", "discard"} and options.id is None and bool(named)


def run(options: Namespace) -> int:
    """Do it, and print what came of it."""
    return _WAYS[options.act](options)


def _groups(options: Namespace) -> int:
    from api.serializers import ErrorGroupSerializer
    from sync import error_groups
    from sync.models import ErrorGroup
    from sync.registry import registry

    rows = ErrorGroup.objects.select_related("entity", "fixed_in").order_by("-last_seen_at")
    if not options.all:
        rows = rows.exclude(state=ErrorGroup.State.CLOSED)
        rows = rows.exclude(snoozed_until__gt=datetime.now(UTC))
    if options.entity:
        rows = rows.filter(entity__path=registry.find(options.entity).path)
    found = list(rows[: options.limit])
    say_rest(len(found), rows, options.limit)
    counts = error_groups.counts(found)
    for group in found:
        group.__dict__["members"] = counts[group.pk]
    if options.json:
        print_json([dict(item) for item in ErrorGroupSerializer(found, many=True).data])
        return OK
    print_table(
        ("group", "entity", "stage", "code", "members#", "state", "owner", "seen", "message"),
        (_line(group, counts[group.pk]) for group in found),
        empty="No failures: nothing to group.",
    )
    return OK


def _line(group: ErrorGroup, members: int) -> tuple[Any, ...]:
    path = group.entity.path if group.entity else None
    told = (str(group.id), path, group.stage, group.code, members, group.state, group.owner)
    return (*told, ago(group.last_seen_at), brief(group.message))


def _change(options: Namespace) -> int:
    from bridge.person import actor
    from sync import error_groups

    given = {"owner": options.owner, "remark": options.remark, "fixed_in": options.fixed_in}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value}
    if options.snooze:
        changes["snoozed_until"] = datetime.now(UTC) + timedelta(days=options.snooze)
    group = error_groups.change(_group_id(options), changes, by=actor(), reason=options.reason or None)
    print_json(_told(group)) if options.json else print(f"Noted; the group is {group.state}.")
    return OK


def _preview(options: Namespace) -> int:
    from sync.preview import MOST, SAMPLE, preview

    found = preview(_members(options), most=MOST if options.all else SAMPLE)
    if options.json:
        print_json(found.told())
        return OK
    print(f"Of {found.tried:,} tried ({found.of:,} are open; nothing was written):")
    fails = [(f"fail again: {code}", number) for code, number in found.fails.most_common()]
    rows = [("land", found.lands), ("wait for their parent", found.waits), ("are outdated", found.outdated)]
    print_table(("what would become of them", "rows#"), [*rows, *fails], empty="")
    return OK


def _retry(options: Namespace) -> int:
    from bridge.person import actor
    from sync import bulk, error_groups

    reason = options.reason or None
    if options.group:
        jobs = error_groups.retry(_group_id(options), by=actor(), reason=reason)
    else:
        jobs = bulk.retry(_members(options), by=actor(), reason=reason)
    if options.json:
        print_json([str(job.pk) for job in jobs])
        return OK
    print("\n".join(f"Runs again: job {job.pk}." for job in jobs) or "No open failed record is like that.")
    return OK


def _discard(options: Namespace) -> int:
    from bridge.person import actor
    from sync import bulk, error_groups

    reason = options.reason or None
    if options.group:
        number = error_groups.discard(_group_id(options), by=actor(), reason=reason)
    else:
        number = bulk.discard(_members(options), by=actor(), reason=reason)
    print_json({"discarded": number}) if options.json else print(f"{number:,} discarded.")
    return OK


def _group_id(options: Namespace) -> UUID:
    text = options.group or options.id
    if not text:
        sentence = f"`bridge failed {options.act}` needs a group: `bridge failed groups` shows them."
        raise StartError("id_missing", sentence)
    return identifier("failed", options.act, text)


def _members(options: Namespace) -> Members:
    from sync import error_groups
    from sync.members import Members
    from sync.models import ErrorGroup

    if not (options.group or options.id):
        return Members.of_filter({name: getattr(options, name) for name in FILTERS})
    group = error_groups.find(_group_id(options))
    if group.kind == ErrorGroup.Kind.JOB:
        raise Conflict("Only records can be tried without writing: the members of this group are jobs.")
    return error_groups.members(group)


def _told(group: ErrorGroup) -> dict[str, Any]:
    from api.serializers import ErrorGroupSerializer
    from sync import error_groups

    group.__dict__["members"] = error_groups.counts([group])[group.pk]
    return dict(ErrorGroupSerializer(group).data)


_WAYS = {"groups": _groups, "group": _change, "preview": _preview, "retry": _retry, "discard": _discard}
