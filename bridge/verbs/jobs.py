"""List, show, retry, cancel and resolve jobs.

bridge jobs                               the newest
bridge jobs list --status failed          those that wait for a person
bridge jobs show ID                       one, with its runs and its log
bridge jobs retry ID                      run a failed job again, or a waiting one now
bridge jobs cancel ID --reason WORDS      stop one that has not ended
bridge jobs resolve ID --reason WORDS     close a failed one without running it again
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any
from uuid import UUID

from bridge.exits import OK
from bridge.printing import ago, brief, print_json, print_table, say_rest
from bridge.verbs.ids import identifier
from bridge.verbs.values import count

LABELS = {"attempts": "failed tries"}  # where the API's name would be taken for the number of runs
ACTS = ("list", "show", "retry", "cancel", "resolve")


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("act", nargs="?", choices=ACTS, default="list", metavar="|".join(ACTS))
    parser.add_argument("id", nargs="?", metavar="ID", help="of the job, for all but list")
    parser.add_argument("--status", choices=("pending", "processing", "success", "failed", "cancelled"))
    parser.add_argument("--entity", help="only jobs of this entity")
    parser.add_argument("--limit", type=count, default=20, help="at most so many (default 20)")
    parser.add_argument("--reason", "--remark", default="", help="kept with the act")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Do it, and print what came of it."""
    if options.act == "list":
        return _list(options)
    job_id = identifier("jobs", options.act, options.id)
    if options.act == "show":
        return _show(job_id, options)
    return _act(job_id, options)


def _list(options: Namespace) -> int:
    from api.jobs import shown
    from sync.models import Job
    from sync.registry import registry

    jobs = Job.objects.select_related("entity").order_by("-id")
    if options.status:
        jobs = jobs.filter(status=options.status)
    if options.entity:
        jobs = jobs.filter(entity__path=registry.find(options.entity).path)
    found = list(jobs[: options.limit])
    say_rest(len(found), jobs, options.limit)
    if options.json:
        print_json(shown(found))
        return OK
    print_table(
        ("id", "kind", "entity", "status", "failed tries#", "asked for", "by", "error"),
        (
            (
                str(job.id),
                job.kind,
                job.entity.path if job.entity else "",
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

    job = detailed(find(str(job_id)))
    if options.json:
        print_json(job)
        return OK
    _print_facts(job)
    print_table(
        ("run#", "worker", "began", "outcome", "error"),
        ((r["no"], r["worker"], r["started_at"], r["outcome"], brief(r["error"])) for r in job["runs"]),
        empty="It has not run yet.",
    )
    for event in job["events"]:
        print(f"{event['at']}  {event['words']}")
    return OK


def _act(job_id: UUID, options: Namespace) -> int:
    from api.jobs import find, shown
    from bridge.person import actor
    from sync.jobs import verbs

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


def _print_facts(job: dict[str, Any]) -> None:
    for name, value in job.items():
        if name not in ("runs", "events") and value not in (None, "", {}, []):
            print(f"{LABELS.get(name, name):<14} {value}")
    print()
