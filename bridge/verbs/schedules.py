"""When work is asked for by itself: list, add, edit, delete, switch, run now. ID is a schedule's id or its name.

bridge schedules                                all, with their next runs
bridge schedules show ID
bridge schedules add NAME --entity customers --cron "0 3 * * *" --zone Europe/Berlin --params '{"full": true}'
bridge schedules add NAME --kind reconcile --entity items --every 6h --params '{"target": "schedulehub"}'
bridge schedules edit ID --every 15m --jitter 1m --missed one --overlap wait
    --missed: slots at which no worker was there: skip, one (run for all), all (the newest 24)
    --overlap: a slot while the last job is not done: skip, allow, wait
bridge schedules on|off ID
bridge schedules run ID                         ask for its work now, beside its slots
bridge schedules reset ID                       what its declaration says, after it was edited
bridge schedules delete ID                      one that somebody added; a declared one is switched off
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bridge.errors import StartError
from bridge.exits import OK
from bridge.printing import ago, print_json, print_table

if TYPE_CHECKING:
    from sync.models import Schedule

ACTS = ("list", "show", "add", "edit", "on", "off", "run", "reset", "delete")
CHANGES = ("cron", "every", "zone", "jitter", "missed", "overlap")


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("act", nargs="?", choices=ACTS, default="list", metavar="|".join(ACTS))
    parser.add_argument("of", nargs="?", metavar="ID|NAME", help="of the schedule, for all but list")
    parser.add_argument("--entity", help="add: what it is for; list: only those of this entity")
    parser.add_argument("--kind", default="sync", help="add: sync (default), dry_run, push, reconcile")
    parser.add_argument("--cron", help="five fields, such as '0 3 * * *'; instead of an interval")
    parser.add_argument("--every", help="an interval, such as 15m, 6h, 1d; instead of a cron expression")
    parser.add_argument("--zone", help="the cron expression's time zone (UTC)")
    parser.add_argument("--jitter", help="late by up to so much, such as 1m; 0s for none")
    parser.add_argument("--missed", help="skip, one or all")
    parser.add_argument("--overlap", help="skip, allow or wait")
    parser.add_argument("--params", metavar="JSON", help="of the job, such as '{\"full\": true}'")
    parser.add_argument("--reason", default="", help="kept with the act")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Do it, and print what came of it."""
    if options.act == "list":
        return _list(options)
    if not options.of:
        sentence = f"`bridge schedules {options.act}` needs a name: `bridge schedules` shows them."
        raise StartError("id_missing", sentence)
    return _add(options) if options.act == "add" else _WAYS[options.act](options)


def _list(options: Namespace) -> int:
    from api.schedule_shape import ScheduleSerializer
    from sync.models import Schedule
    from sync.registry import registry

    rows = Schedule.objects.select_related("entity").order_by("name")
    if options.entity:
        rows = rows.filter(entity__path=registry.find(options.entity).path)
    found = [dict(item) for item in ScheduleSerializer(rows, many=True).data]
    if options.json:
        print_json(found)
        return OK
    print_table(
        ("id#", "name", "asks for", "entity", "when", "on", "origin", "next run", "last run", "trouble"),
        (_row(item, schedule) for item, schedule in zip(found, rows, strict=True)),
        empty="No schedule; `bridge schedules add NAME --entity … --every 15m` adds one.",
    )
    return OK


def _row(item: dict[str, Any], schedule: Schedule) -> tuple[Any, ...]:
    when = schedule.cron and f"{schedule.cron} ({schedule.zone})"
    runs = item["next_runs"]
    return (
        schedule.pk,
        schedule.name,
        schedule.kind,
        item["entity"],
        when or f"every {schedule.every}",
        "on" if schedule.enabled else "off",
        item["origin"],
        f"{runs[0]:%Y-%m-%d %H:%M:%S} UTC" if runs else "",
        ago(schedule.last_run_at),
        item["trouble"],
    )


def _add(options: Namespace) -> int:
    from bridge.person import actor
    from sync.jobs import schedules

    if not options.entity:
        raise StartError("entity_missing", "Name the entity: `bridge schedules add NAME --entity …`.")
    made = schedules.create(
        options.of,
        kind=options.kind,
        entity=options.entity,
        changes=_changes(options),
        by=actor(),
        reason=options.reason or None,
    )
    return _tell(made.name, options, f"Added schedule {made.pk}.")


def _edit(options: Namespace) -> int:
    from sync.jobs import schedules

    changes = _changes(options)
    if not changes:
        raise StartError("change_missing", "Say what to change: `bridge schedules edit ID --every 15m`.")
    return _do(options, schedules.edit, "Changed.", changes)


def _switch(options: Namespace) -> int:
    from sync.jobs import schedules

    on = options.act == "on"
    return _do(options, schedules.switch, f"It is {options.act}.", on=on)


def _reset(options: Namespace) -> int:
    from sync.jobs import schedules

    return _do(options, schedules.reset, "It is as declared.")


def _delete(options: Namespace) -> int:
    from sync.jobs import schedules

    return _do(options, schedules.delete, "Deleted.")


def _run_now(options: Namespace) -> int:
    from api.jobs import find, shown
    from bridge.person import actor
    from sync.jobs import schedule_words, schedules

    number = schedule_words.find(options.of).pk
    job = schedules.run_now(number, by=actor(), reason=options.reason or None)
    print_json(shown([find(str(job.pk))])[0]) if options.json else print(f"Asked for: job {job.pk}.")
    return OK


def _do(options: Namespace, call: Callable[..., object], said: str, *given: Any, **more: Any) -> int:
    from bridge.person import actor
    from sync.jobs import schedule_words

    found = schedule_words.find(options.of)
    call(found.pk, *given, by=actor(), reason=options.reason or None, **more)
    return _tell(found.name, options, said)


def _show(options: Namespace) -> int:
    return _tell(options.of, options, None)


def _tell(named: str, options: Namespace, said: str | None) -> int:
    """The schedule as it is now, or only that it is gone."""
    from api.schedule_shape import ScheduleSerializer
    from sync.errors import NotFound
    from sync.jobs import schedule_words

    if said and not options.json:
        print(said)
    try:
        shown = dict(ScheduleSerializer(schedule_words.find(named)).data)
    except NotFound:
        if said is None:
            raise
        return OK
    if options.json:
        print_json(shown)
        return OK
    for name, value in shown.items():
        if value not in (None, "", {}, []):
            print(f"{name:<14} {_words(name, value)}")
    return OK


def _words(name: str, value: Any) -> Any:
    if name == "next_runs":
        return ", ".join(f"{one:%Y-%m-%d %H:%M:%S} UTC" for one in value)
    return json.dumps(value, ensure_ascii=False) if name == "params" else value


def _changes(options: Namespace) -> dict[str, Any]:
    from sync.jobs.schedule_changes import changes_of

    given = {name: getattr(options, name) for name in CHANGES if getattr(options, name) is not None}
    if options.params is not None:
        try:
            given["params"] = json.loads(options.params)
        except json.JSONDecodeError as error:
            raise StartError("bad_json", f"--params is not JSON: {error}.") from None
    return changes_of(given)


_WAYS: dict[str, Callable[[Namespace], int]] = {
    "show": _show,
    "edit": _edit,
    "on": _switch,
    "off": _switch,
    "run": _run_now,
    "reset": _reset,
    "delete": _delete,
}
