"""The verbs of `bridge`, one module each: `arguments(parser)` declares its options, `run(options)` does it."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.prepare import Needs


@dataclass(frozen=True, kw_only=True)
class Verb:
    """What the command line must know of a verb before it loads its module."""

    line: str  # for `bridge --help`
    needs: Needs = Needs.TABLES
    counts: bool = False  # a service, whose metrics are shown


VERBS: dict[str, Verb] = {
    "up": Verb(
        line="start everything: database, tables, sandbox, web, worker; Ctrl-C stops it", needs=Needs.NOTHING
    ),
    "status": Verb(line="how every entity stands, which jobs run, whether a worker lives"),
    "entities": Verb(line="the entities with their records, pending children and failures"),
    "sync": Verb(line="read what changed in an entity, or all of it"),
    "resync": Verb(line="read an entity anew, all of it, after a preview; --mode empty starts over"),
    "backfill": Verb(line="read a range in windows over days; list, show, pause, resume and cancel"),
    "record": Verb(line="write a far end's answers to a file, to be replayed by `bridge sync --dry-run`"),
    "webhooks": Verb(line="what far ends told by themselves, and what became of it"),
    "push": Verb(line="write what changed to a target, or tell what would be written"),
    "deliveries": Verb(line="what targets have of our records, what they refused; send it again"),
    "reconcile": Verb(line="compare a target with the mirror and repair what differs"),
    "jobs": Verb(line="list, show, retry, cancel, edit and resolve jobs, one or all that a filter finds"),
    "schedules": Verb(line="when work is asked for by itself: add, edit, switch, run now, delete"),
    "limits": Verb(line="how many jobs of an entity or a system run at once; set, pause and resume"),
    "lanes": Verb(line="what waits for its turn, and behind which job"),
    "workers": Verb(line="the worker processes, and whether they take jobs"),
    "drain": Verb(line="let workers take no more jobs, and wait for what runs; before a deploy"),
    "pause": Verb(line="start no more jobs of a queue, an entity or a system; what is paused"),
    "resume": Verb(line="let workers take jobs again after a drain, or jobs start after a pause"),
    "commands": Verb(line="effects wanted outside: list, show, send, approve, settle, take back"),
    "batches": Verb(line="what was committed together, with its counts here and at targets"),
    "failed": Verb(line="list, show, patch, retry and discard failed records, one or by their cause"),
    "mapping": Verb(line="draft, rehearse and switch on versioned field rules of an entity"),
    "pending": Verb(line="the rows that wait for their parent"),
    "drift": Verb(line="the columns that changed at a source; acknowledge them"),
    "deletes": Verb(line="list, show, approve, reject and undo deletes that full reads found"),
    "budget": Verb(line="what each system allows, what is left of it; set limits, end a pause"),
    "audit": Verb(line="who did what, by which door; verify: whether anybody changed that since"),
    "token": Verb(line="make a token for a client of the API; it alone is printed"),
    "sandbox": Verb(
        line="serve the far ends: NetSuite, APISmith, ScheduleHub and messages, on public data",
        needs=Needs.NOTHING,
    ),
    "web": Verb(line="serve the API, the admin and the docs", counts=True),
    "worker": Verb(line="run jobs until told to stop", counts=True),
    "check": Verb(line="check the configuration, the declarations and the database", needs=Needs.NOTHING),
}
