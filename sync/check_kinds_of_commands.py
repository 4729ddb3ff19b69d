"""Whether the declaration of a command is made of the right kinds of things, as check_kinds asks of entities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sync.commands import Approval, Callback, Command, Compensation, SignedForm
from sync.declare import Signed, System
from sync.misfits import LANES, RETRY, SIGNED, TEXT, WHOLE, Kind, is_a, misfits, optional, tuple_of

_FUNCTION: Kind = (callable, "a function")
_COMMAND: Mapping[str, Kind] = {
    "name": TEXT,
    "label": TEXT,
    "send": (callable, "a function of the Intent that returns Proven, Sent or Refused"),
    "find": optional((callable, "a function of the Intent that returns Proven, Absent or Unsure")),
    "effect": optional((callable, "a function of the Intent")),
    "path": optional((is_a(str), "a path as a text, such as letters")),
    "lane": LANES,
    "retry": RETRY,
    "find_retry": RETRY,
    "settles": (tuple_of((int, float)), "a tuple of seconds, such as (5, 30, 120)"),
    "callback": optional((is_a(Callback), "a Callback(…)")),
    "compensation": optional((is_a(Compensation), "a Compensation(…)")),
    "approval": optional((is_a(Approval), "an Approval(…)")),
    "largest": WHOLE,
}
_CALLBACK: Mapping[str, Kind] = {
    "signed": (is_a((Signed, SignedForm)), "a Signed(…) or a SignedForm(…)"),
    "read": (callable, "a function of the fields that returns Told"),
    "largest": WHOLE,
}
_FORM: Mapping[str, Kind] = {"variable": TEXT, "signature": TEXT}


def wrong_kinds_of_commands(system: System) -> Iterator[str]:
    """One sentence for each thing of another kind than it must be."""
    for command in system.commands:
        path = f"{system.name}.{command.name}"
        yield from misfits(f"the command {path}", command, _COMMAND)
        yield from _parts(command, path)


def _parts(command: Command, path: str) -> Iterator[str]:
    if (callback := command.callback) is not None:
        yield from misfits(f"the callback of {path}", callback, _CALLBACK)
        kinds = SIGNED if isinstance(callback.signed, Signed) else _FORM
        yield from misfits(f"the signature of {path}", callback.signed, kinds)
    if (approval := command.approval) is not None:
        yield from misfits(f"the approval of {path}", approval, {"persons": WHOLE, "when": _FUNCTION})
    if (way := command.compensation) is not None:
        yield from misfits(f"the compensation of {path}", way, {"command": TEXT, "payload": _FUNCTION})
