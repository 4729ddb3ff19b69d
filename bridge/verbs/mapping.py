"""Draft, rehearse and switch on an entity's mappings: versioned field rules over its declaration.

bridge mapping                                         all of them, newest first
bridge mapping show ID                                 one: its rules and its last rehearsal
bridge mapping draft --entity E --rules @rules.json    a new version (or --rules '{…}')
bridge mapping edit ID --rules @rules.json             other rules for a draft
bridge mapping rehearse ID [--sample N] [--wait]       what it would change, tried on stored rows
bridge mapping diffs ID [--limit N] [--after NEXT]     the rows that would differ; faults ID: that would be refused
bridge mapping activate ID                             switch it on; retire ID switches it off
bridge mapping remap ID                                make the entity's records anew with what is in force
bridge mapping replay ID                               run the entity's failed records again with it
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from bridge.errors import StartError
from bridge.exits import OK
from bridge.printing import ago, print_json, print_table
from bridge.verbs import mapping_diffs
from bridge.verbs.values import count, seconds
from sync.errors import InvalidRequest

ACTS = (
    "list",
    "show",
    "draft",
    "edit",
    "rehearse",
    "diffs",
    "faults",
    "activate",
    "retire",
    "remap",
    "replay",
)


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("act", nargs="?", choices=ACTS, default="list", metavar="|".join(ACTS))
    parser.add_argument("id", nargs="?", metavar="ID", help="of the mapping, for all but list and draft")
    parser.add_argument("--entity", help="for list and draft: of this entity")
    parser.add_argument("--rules", metavar="JSON|@FILE", help="for draft and edit")
    parser.add_argument("--sample", type=count, help="for rehearse: look at so many rows at most")
    parser.add_argument("--wait", action="store_true", help="for rehearse: stay, and print what it found")
    parser.add_argument("--timeout", type=seconds, metavar="SECONDS", help="with --wait: at most so long")
    parser.add_argument("--limit", type=count, help="at most so many (default 20, of diffs and faults 100)")
    parser.add_argument("--after", metavar="NEXT", help="for diffs and faults: those that follow")
    parser.add_argument("--reason", default="", help="kept with the act")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Do it, and print what came of it."""
    if options.act == "list":
        return _list(options)
    if options.act == "draft":
        return _draft(options)
    if options.act in ("diffs", "faults"):
        return mapping_diffs.show(_number(options), options.act, options)
    return _act(_number(options), options)


def _list(options: Namespace) -> int:
    from api.mapping_shape import MappingSerializer
    from sync.models import Mapping
    from sync.registry import registry

    rows = Mapping.objects.select_related("entity").order_by("-id")
    if options.entity:
        rows = rows.filter(entity__path=registry.find(options.entity).path)
    found = list(rows[: options.limit or 20])
    if options.json:
        print_json([dict(item) for item in MappingSerializer(found, many=True).data])
        return OK
    print_table(
        ("id", "entity", "no#", "state", "by", "made"),
        (
            (str(row.pk), row.entity.path, row.no, row.state, row.made_by, ago(row.created_at))
            for row in found
        ),
        empty="No mapping: the declarations stand alone.",
    )
    return OK


def _draft(options: Namespace) -> int:
    from bridge.person import actor
    from sync.mapping import acts
    from sync.registry import registry

    if not options.entity:
        raise StartError("entity_missing", "Name the entity: `bridge mapping draft --entity customers`.")
    registered = registry.find(options.entity)
    mapping = acts.draft(registered, _rules(options), by=actor(), reason=options.reason or None)
    _say(
        options, mapping.pk, f"Drafted mapping {mapping.pk}; `bridge mapping rehearse {mapping.pk}` tries it."
    )
    return OK


def _act(number: int, options: Namespace) -> int:
    from bridge.person import actor
    from sync.mapping import acts
    from sync.mapping.in_force import find

    by, reason = actor(), options.reason or None
    mapping = find(number)
    told = f"Mapping {mapping.no} of {mapping.entity.path}"
    if options.act == "show":
        print_json(_shown(number))
        return OK
    if options.act == "edit":
        acts.edit(number, _rules(options), by=by, reason=reason)
        said = f"{told} has other rules."
    elif options.act == "rehearse":
        job = acts.rehearse(number, by=by, sample=options.sample, reason=reason)
        if options.wait:
            return mapping_diffs.wait(number, job.pk, options)
        said = f"Rehearsed by job {job.pk}; `bridge mapping diffs {number}` shows each row that would differ."
    elif options.act == "activate":
        acts.activate(number, by=by, reason=reason)
        said = f"{told} is in force; `bridge mapping remap {number}` makes the records anew, `replay` the failed ones."
    elif options.act == "retire":
        acts.retire(number, by=by, reason=reason)
        said = f"{told} is retired."
    elif options.act == "remap":
        said = f"Made anew by job {acts.remap(acts.entity_of(mapping), by=by, reason=reason).pk}."
    else:
        replay = acts.replay(acts.entity_of(mapping), by=by, reason=reason)
        said = f"Run again by job {replay.pk}." if replay else "Nothing failed."
    _say(options, number, said)
    return OK


def _say(options: Namespace, number: int, words: str) -> None:
    if options.json:
        print_json(_shown(number))
    else:
        print(words)


def _shown(number: int) -> dict[str, Any]:
    from api.mappings import told

    return told(number)


def _number(options: Namespace) -> int:
    if not options.id:
        raise StartError(
            "id_missing", f"`bridge mapping {options.act}` needs an id: `bridge mapping` shows them."
        )
    if not (options.id.isascii() and options.id.isdigit() and len(options.id) < 19):
        raise StartError("id_invalid", f"{options.id!r} is not an id: copy one from `bridge mapping`.")
    return int(options.id)


def _rules(options: Namespace) -> Any:
    text = options.rules
    if not text:
        raise InvalidRequest("Give the rules: --rules @rules.json or --rules '{…}'.", code="data_missing")
    try:
        return json.loads(Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text)
    except OSError as error:
        raise InvalidRequest(f"Can't read {text[1:]} ({error.strerror}).", code="data_unreadable") from error
    except ValueError as error:
        raise InvalidRequest(f"--rules is not JSON: {error}.", code="data_not_json") from error
