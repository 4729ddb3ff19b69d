"""Who did what, by which door, and whether anybody changed that since.

bridge audit                                 the newest acts
bridge audit list --act job. --actor olga    all on jobs, of one person; --door --object --request --since --until
bridge audit show ID                         one, with what was before and after it
bridge audit verify                          whether an entry was changed, removed, inserted or reordered; 1 if so.
                                             It prints the head: keep it elsewhere, and `--head NUMBER:HASH` later
                                             tells whether the newest were removed, or the chain made anew
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bridge.exits import FAILED, OK
from bridge.printing import ago, brief, print_json, print_table, say_rest
from bridge.verbs.ids import identifier
from bridge.verbs.values import count

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from sync.models import AuditEntry

ACTS = ("list", "show", "verify")


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("verb", nargs="?", choices=ACTS, default="list", metavar="|".join(ACTS))
    parser.add_argument("id", nargs="?", metavar="ID", help="of the entry, for show")
    parser.add_argument("--actor", metavar="NAME", help="only acts of this user, client or person")
    parser.add_argument("--door", help="only those that came by admin, api, shell or callback")
    parser.add_argument("--act", help="such as job.retry; `job.` is all acts on jobs")
    parser.add_argument("--object", metavar="TYPE[:ID]", help="what was acted on, such as job:ID")
    parser.add_argument("--request", metavar="ID", help="the request of the API that asked for it")
    parser.add_argument("--since", metavar="MOMENT", help="not earlier, such as 2026-01-31T08:00:00Z")
    parser.add_argument("--until", metavar="MOMENT", help="earlier than that")
    parser.add_argument("--limit", type=count, default=20, help="at most so many (default 20)")
    parser.add_argument("--head", metavar="NUMBER:HASH", help="verify: what an earlier look printed")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Print it."""
    return {"list": _list, "show": _show, "verify": _verify}[options.verb](options)


def _list(options: Namespace) -> int:
    from api.audit_shape import AuditEntrySerializer

    rows = _selected(options)
    found = list(rows[: options.limit])
    say_rest(len(found), rows, options.limit)
    if options.json:
        print_json([dict(item) for item in AuditEntrySerializer(found, many=True).data])
        return OK
    print_table(
        ("when", "actor", "door", "act", "object", "reason", "id"),
        (
            (ago(e.at), e.actor, e.door, e.act, f"{e.object_type} {e.object_id}", brief(e.reason, 60), e.pk)
            for e in found
        ),
        empty="No such act.",
    )
    return OK


def _selected(options: Namespace) -> QuerySet[AuditEntry]:
    from sync.trail.selecting import selected

    kind, _, number = (options.object or "").partition(":")
    return selected(
        act=options.act,
        since=_moment("--since", options.since),
        until=_moment("--until", options.until),
        actor=options.actor,
        door=options.door,
        object_type=kind or None,
        object_id=number or None,
        request_id=options.request,
    )


def _moment(name: str, text: str | None) -> datetime | None:
    from sync.start import moment_of

    return None if text is None else moment_of(name, text)


def _show(options: Namespace) -> int:
    from api.audit_shape import AuditEntrySerializer
    from sync.errors import NotFound
    from sync.trail.selecting import selected

    wanted = identifier("audit", "show", options.id)
    entry = selected().filter(pk=wanted).first()
    if entry is None:
        raise NotFound(f"There is no audit entry {wanted}: `bridge audit` lists them.")
    shown: dict[str, Any] = dict(AuditEntrySerializer(entry).data)
    if options.json:
        print_json(shown)
        return OK
    for name, value in shown.items():
        if name not in ("before", "after"):
            print(f"{name:<12} {'' if value is None else value}")
    for name in ("before", "after"):
        if shown[name] is not None:
            print(f"\n{name}")
            print_json(shown[name])
    return OK


def _verify(options: Namespace) -> int:
    from api.audit_shape import AuditVerdictSerializer
    from sync.trail.chain import read_point
    from sync.trail.verify import verify

    found = verify(read_point(options.head) if options.head else None)
    if options.json:
        print_json(dict(AuditVerdictSerializer(found).data))
        return OK if found.holds else FAILED
    gone = f" Those up to {found.start.seq:,} were deleted for their age." if found.start.seq else ""
    if found.holds:
        print(f"The chain holds: {found.entries:,} entries, up to number {found.head.seq:,}.{gone}")
        print(f"head {found.head}")
        return OK
    print(f"The chain is broken; {found.entries:,} entries were looked at.{gone} First:")
    for fault in found.faults:
        print(f"  {fault.kind:<10} {fault.message}")
    return FAILED
