"""Effects wanted outside: what became of each, and what a person has to say.

bridge commands                                 the newest (--state unknown: what is not known, --command, --client)
bridge commands show ID                         one, with its payload, its ledger and what was said to its far end
bridge commands send NAME --payload JSON        ask for one (- reads the JSON from stdin); --key makes it safe to repeat
bridge commands settle ID proven|not_done --reason WHY
                                                say what became of one whose outcome nobody can be asked about;
                                                not_done sends it again
bridge commands approve|reject ID               let one that waits for persons be sent, or never
bridge commands compensate ID                   take back what a proven one did
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from typing import Any
from uuid import UUID

from bridge.errors import StartError
from bridge.exits import OK
from bridge.printing import ago, print_json, print_table
from bridge.verbs.ids import identifier
from bridge.verbs.values import count

ACTS = ("list", "show", "send", "settle", "approve", "reject", "compensate")
MOST_EXCHANGES = 20
STATES = ("intended", "sent", "proven", "refused", "unknown")


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("act", nargs="?", choices=ACTS, default="list", metavar="|".join(ACTS))
    parser.add_argument("what", nargs="?", metavar="ID|NAME", help="the command's id; for send its name")
    parser.add_argument("decision", nargs="?", metavar="proven|not_done", help="for settle")
    parser.add_argument(
        "--command", metavar="NAME", help="only those of this name, such as netsuite.upsert_customer"
    )
    parser.add_argument("--state", choices=STATES)
    parser.add_argument("--client", metavar="NAME", help="only those that this client asked for")
    parser.add_argument("--payload", metavar="JSON", help="for send; - reads it from stdin")
    parser.add_argument("--key", help="for send: the idempotency key")
    parser.add_argument("--reason", default="", help="kept with the act; for settle: how you know")
    parser.add_argument("--remote-id", metavar="ID", help="for settle proven: of what it made there")
    parser.add_argument("--limit", type=count, default=20, help="at most so many (default 20)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Do it, and print what came of it."""
    if options.act == "list":
        return _list(options)
    if options.act == "send":
        return _send(options)
    number = identifier("commands", options.act, options.what)
    if options.act == "settle":
        return _settle(number, options)
    if options.act != "show":
        return _act(number, options)
    print_json({**_shown(number), "exchanges": _exchanges(number)})
    return OK


def _list(options: Namespace) -> int:
    from api.command_shape import shown
    from sync.commands.declared import find
    from sync.models import Command

    rows = Command.objects.select_related("job").order_by("-id")
    if options.state:
        rows = rows.filter(state=options.state)
    if options.client:
        rows = rows.filter(client=options.client)
    if options.command:
        rows = rows.filter(kind=find(options.command).path)
    found = [shown(one) for one in rows[: options.limit]]
    if options.json:
        print_json(found)
        return OK
    print_table(
        ("id", "command", "state", "job", "far end's id", "asked by", "since", "error"),
        (
            (
                str(one["id"]),
                one["command"],
                one["state"],
                one["hold"] or one["job_status"],
                one["remote_id"],
                one["client"],
                ago(row.created_at),
                one["error_code"] if one["state"] != "proven" else None,
            )
            for one, row in zip(found, rows[: options.limit], strict=True)
        ),
        empty="There are none.",
    )
    return OK


def _send(options: Namespace) -> int:
    from api.exact_json import exact
    from bridge.person import actor
    from sync.commands.accept import accept
    from sync.commands.declared import find
    from sync.commands.faults import lines
    from sync.commands.payload import BadPayload

    if not options.what or options.payload is None:
        raise StartError("payload_missing", "`bridge commands send NAME --payload JSON`: both are needed.")
    text = sys.stdin.read() if options.payload == "-" else options.payload
    try:
        data = exact(text)
    except ValueError as error:
        raise StartError("payload_invalid", f"The payload is not JSON: {error}.") from None
    known, by = find(options.what), actor()
    try:
        taken = accept(known, data, client=by.name, by=by, key=options.key)
    except BadPayload as error:
        faults = "\n".join(f"  {line}" for line in lines(error.detail))
        raise StartError(error.code, f"The payload does not fit {known.path}:\n{faults}\n") from None
    if options.json:
        print_json(taken.command.answer)
    else:
        said = "Taken" if taken.created else "It was taken before"
        print(f"{said}: `bridge commands show {taken.command.pk}` tells what becomes of it.")
    return OK


def _settle(number: UUID, options: Namespace) -> int:
    from bridge.person import actor
    from sync.commands.settle import settle

    settle(number, options.decision or "", by=actor(), reason=options.reason, remote_id=options.remote_id)
    if options.json:
        print_json(_shown(number))
    else:
        again = "a job sends it again" if options.decision == "not_done" else "it is not sent again"
        print(f"Settled as {options.decision}: {again}.")
    return OK


def _act(number: UUID, options: Namespace) -> int:
    from bridge.person import actor
    from sync.commands import acts

    calls = {
        "approve": (acts.approve, "Approved"),
        "reject": (acts.reject, "Rejected: it is never sent"),
        "compensate": (acts.compensate, "Asked for what takes it back"),
    }
    call, said = calls[options.act]
    done = call(number, actor(), options.reason)
    if options.json:
        print_json(_shown(done.pk))
    else:
        print(f"{said}: `bridge commands show {done.pk}`.")
    return OK


def _exchanges(number: UUID) -> list[dict[str, Any]]:
    """The last ones, newest first."""
    from api.exchanges import shown
    from sync.models import Exchange

    return shown(Exchange.objects.filter(job__command=number).order_by("-id")[:MOST_EXCHANGES])


def _shown(number: UUID) -> dict[str, Any]:
    from api.command_shape import detailed
    from sync.errors import NotFound
    from sync.models import Command

    command = Command.objects.select_related("job").filter(pk=number).first()
    if command is None:
        raise NotFound(f"There is no command {number}.")
    return detailed(command)
