"""List, show, retry, cancel, edit and resolve jobs.

bridge jobs                               the newest
bridge jobs list --status dead            those that wait for a person
bridge jobs dead                          how many are dead, by entity, kind and error
bridge jobs list --status failed --code far_end_unavailable --param target=hub --since 2026-01-31
bridge jobs show ID                       one, with its runs and its log
bridge jobs tree ID                       the jobs that it asked for, and those above it
bridge jobs retry ID                      run a failed job again, or a waiting one now
bridge jobs cancel ID --reason WORDS      stop one that has not ended
bridge jobs resolve ID --reason WORDS     close a failed one without running it again
bridge jobs edit ID --params '{"full": true}'   run its work anew with other parameters
bridge jobs retry --status dead --entity items --preview      all that are like that; so cancel and resolve, too
bridge jobs retry --status dead --entity items --per-second 5
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from typing import Any
from uuid import UUID

from bridge.errors import StartError
from bridge.exits import OK
from bridge.printing import ago, brief, print_json, print_table, say_rest
from bridge.verbs import jobs_many
from bridge.verbs.ids import identifier
from bridge.verbs.job_tree import print_tree
from bridge.verbs.values import count

MOST_EXCHANGES = 5
MOST_IN_JSON = 20
LONGEST_BODY = 500  # characters that a terminal is shown of a body
LABELS = {"attempts": "failed tries"}  # where the API's name would be taken for the number of runs
ACTS = ("list", "dead", "show", "tree", "retry", "cancel", "resolve", "edit")


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("act", nargs="?", choices=ACTS, default="list", metavar="|".join(ACTS))
    parser.add_argument("id", nargs="?", metavar="ID", help="of the job, for all but list and acts by filter")
    jobs_many.arguments(parser)
    parser.add_argument("--params", metavar="JSON", help="for edit: all parameters, in place of the old ones")
    parser.add_argument("--limit", type=count, default=20, help="at most so many (default 20)")
    parser.add_argument("--reason", "--remark", default="", help="kept with the act")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Do it, and print what came of it."""
    if options.act == "list":
        return _list(options)
    if options.act == "dead":
        return jobs_many.dead(options)
    if options.id is None and options.act in jobs_many.ACTS and _has_filter(options):
        return jobs_many.run(options)
    job_id = identifier("jobs", options.act, options.id)
    if options.act == "show":
        return _show(job_id, options)
    if options.act == "tree":
        return print_tree(job_id, options)
    return _act(job_id, options)


def _list(options: Namespace) -> int:
    from api.jobs import shown
    from sync.commands.about import about

    jobs = jobs_many.selected(options).rows().select_related("entity").order_by("-id")
    found = list(jobs[: options.limit])
    say_rest(len(found), jobs, options.limit)
    if options.json:
        print_json(shown(found))
        return OK
    print_table(
        ("id", "kind", "entity or command", "status", "failed tries#", "asked for", "by", "error"),
        (
            (
                str(job.id),
                job.kind,
                about(job) or "",
                f"{job.status} ({job.hold})" if job.hold else job.status,
                job.attempts,
                ago(job.created_at),
                job.requested_by,
                brief(job.error, 60),
            )
            for job in found
        ),
        empty="No such job.",
    )
    return OK


def _show(job_id: UUID, options: Namespace) -> int:
    from api.jobs import detailed, find
    from sync.models import Attempt
    from sync.redaction import redact

    job = detailed(find(str(job_id)))
    if options.json:
        print_json({**job, "exchanges": _exchanges(job_id)})
        return OK
    _print_facts(job)
    print_table(
        ("run#", "worker", "began", "outcome", "error"),
        ((r["no"], r["worker"], r["started_at"], r["outcome"], brief(r["error"])) for r in job["runs"]),
        empty="It has not run yet.",
    )
    for event in job["events"]:
        print(f"{event['at']}  {event['words']}")
    _print_exchanges(job_id)
    for no, traceback in Attempt.objects.filter(job=job_id, traceback__isnull=False).values_list(
        "no", "traceback"
    ):
        print(f"\nTraceback of run {no}:\n{redact(traceback or '')}")
    return OK


def _print_exchanges(job_id: UUID) -> None:
    from sync.models import Exchange

    for seen in reversed(Exchange.objects.filter(job=job_id).order_by("-id")[:MOST_EXCHANGES]):
        answer = seen.status if seen.error is None else seen.error
        print(
            f"\nRun {seen.attempt}: {seen.method} {seen.address} {seen.params or ''} -> {answer} ({seen.ms} ms)"
        )
        for way, headers, body in ((">", seen.sent_headers, seen.sent), ("<", seen.headers, seen.body)):
            for name, value in headers.items():
                print(f"  {way} {name}: {value}")
            if body:
                print(f"  {way} {brief(body, LONGEST_BODY)}")


def _exchanges(job_id: UUID) -> list[dict[str, Any]]:
    """The last ones, newest first."""
    from api.exchanges import shown
    from sync.models import Exchange

    return shown(Exchange.objects.filter(job=job_id).order_by("-id")[:MOST_IN_JSON])


def _act(job_id: UUID, options: Namespace) -> int:
    from api.jobs import find, shown
    from bridge.person import actor
    from sync.jobs import verbs

    if options.act == "edit":
        return _edit(job_id, options)
    if options.act == "retry":
        verbs.retry(job_id, by=actor(), reason=options.reason or None)
    elif options.act == "cancel":
        verbs.cancel(job_id, by=actor(), reason=options.reason)
    else:
        verbs.resolve(job_id, by=actor(), remark=options.reason)
    job = find(str(job_id))
    if options.json:
        print_json(shown([job])[0])
    else:
        print(f"Job {job.id} is {job.status}{', resolved' if job.resolved_at else ''}.")
    return OK


def _edit(job_id: UUID, options: Namespace) -> int:
    from api.jobs import find, shown
    from bridge.person import actor
    from sync.jobs.edit import edit

    made = edit(job_id, _params(options), by=actor(), reason=options.reason or None)
    if options.json:
        print_json(shown([find(str(made.pk))])[0])
    else:
        print(f"Asked for: job {made.pk}.")
    return OK


def _params(options: Namespace) -> dict[str, Any]:
    sentence = "Send all parameters as a JSON object: `--params '{\"full\": true}'`."
    try:
        params = json.loads(options.params or "")
    except json.JSONDecodeError:
        raise StartError("bad_json", sentence) from None
    if not isinstance(params, dict):
        raise StartError("bad_json", sentence)
    return params


def _has_filter(options: Namespace) -> bool:
    return bool(options.param) or any(getattr(options, name) for name in jobs_many.FILTERS)


def _print_facts(job: dict[str, Any]) -> None:
    for name, value in job.items():
        if name not in ("runs", "events") and value not in (None, "", {}, []):
            print(f"{LABELS.get(name, name):<14} {value}")
    print()
