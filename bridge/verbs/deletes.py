"""What full reads found missing at the far end: deletes to approve, to reject, to undo.

bridge deletes                        what waits for a decision (--state applied: what can be undone)
bridge deletes show ID                one, with a few of its keys
bridge deletes approve ID             delete its records, those not seen since
bridge deletes reject ID              keep them
bridge deletes undo ID                bring back what was deleted
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any
from uuid import UUID

from bridge.exits import OK
from bridge.printing import ago, print_json, print_table
from bridge.verbs.ids import identifier
from bridge.verbs.values import count

ACTS = ("list", "show", "approve", "reject", "undo")
STATES = ("proposed", "approved", "applied", "rejected", "undone", "expired")


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("act", nargs="?", choices=ACTS, default="list", metavar="|".join(ACTS))
    parser.add_argument("id", nargs="?", metavar="ID", help="of the proposal, for all but list")
    parser.add_argument("--entity", help="only proposals of this entity")
    parser.add_argument("--state", choices=STATES, default="proposed")
    parser.add_argument("--limit", type=count, default=20, help="at most so many (default 20)")
    parser.add_argument("--reason", default="", help="kept with the act")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Do it, and print what came of it."""
    if options.act == "list":
        return _list(options)
    proposal_id = identifier("deletes", options.act, options.id)
    if options.act == "show":
        print_json(_shown(proposal_id))
        return OK
    return _act(proposal_id, options)


def _list(options: Namespace) -> int:
    from api.delete_proposals import DeleteProposalSerializer
    from sync.models import DeleteProposal
    from sync.registry import registry

    rows = DeleteProposal.objects.select_related("entity").filter(state=options.state).order_by("-id")
    if options.entity:
        rows = rows.filter(entity__path=registry.find(options.entity).path)
    found = list(rows[: options.limit])
    if options.json:
        print_json([dict(item) for item in DeleteProposalSerializer(found, many=True).data])
        return OK
    print_table(
        ("id", "entity", "missing#", "of#", "keys", "since", "decided by"),
        (
            (
                str(row.id),
                row.entity.path,
                row.count,
                row.live_rows,
                ", ".join(row.sample[:3]) + (" …" if row.count > len(row.sample[:3]) else ""),
                ago(row.created_at),
                row.decided_by,
            )
            for row in found
        ),
        empty=f"No deletes are {options.state}.",
    )
    return OK


def _act(proposal_id: UUID, options: Namespace) -> int:
    from bridge.person import actor
    from sync import deletes

    acts = {
        "approve": (deletes.approve, f"Approved: a job deletes them; `bridge deletes undo {proposal_id}`."),
        "reject": (deletes.reject, "Rejected: the records stay."),
        "undo": (deletes.undo, "Undone: a job brings them back."),
    }
    call, said = acts[options.act]
    call(proposal_id, by=actor(), reason=options.reason or None)
    if options.json:
        print_json(_shown(proposal_id))
    else:
        print(said)
    return OK


def _shown(proposal_id: UUID) -> dict[str, Any]:
    from api.delete_proposals import DeleteProposalSerializer
    from sync.errors import NotFound
    from sync.models import DeleteProposal

    proposal = DeleteProposal.objects.select_related("entity").filter(pk=proposal_id).first()
    if proposal is None:
        raise NotFound(f"There is no delete proposal {proposal_id}.")
    return dict(DeleteProposalSerializer(proposal).data)
