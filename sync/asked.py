"""What people may ask of a kind of job by its parameters: for schedules, and for jobs that are edited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sync import asked_params
from sync.asked_params import Params
from sync.errors import InvalidRequest
from sync.jobs.enqueue import Enqueued, enqueue
from sync.registry import Registered


@dataclass(frozen=True, slots=True)
class _Asked:
    names: tuple[str, ...]
    read: Callable[[Registered, Mapping[str, Any]], Params]
    # What must not be done twice at once, by whoever asks.
    dedup: Callable[[Registered, Params], str | None] = lambda registered, params: None


def kinds() -> tuple[str, ...]:
    """The kinds whose parameters a person can write."""
    return tuple(_KINDS)


def params_of(kind: str, registered: Registered | None, given: Mapping[str, Any]) -> Params:
    """The parameters as the kind reads them.

    Raises InvalidRequest: not_askable, unknown_field, bad_parameter, and what the values themselves raise.
    """
    asked = _find(kind)
    if registered is None:
        raise InvalidRequest(f"A {kind} is of an entity: name it.", code="bad_parameter")
    for name in given:
        if name not in asked.names:
            message = f"A {kind} has no parameter {name[:100]!r}. It has: {', '.join(asked.names)}."
            raise InvalidRequest(message, code="unknown_field")
    return asked.read(registered, {name: value for name, value in given.items() if value is not None})


def ask(
    kind: str,
    registered: Registered | None,
    params: Mapping[str, Any],
    *,
    dedup: str | None = None,
    **options: Any,
) -> Enqueued:
    """Enqueue it; two that must not run at once are one, whatever `dedup` says."""
    if kind in _KINDS and registered is not None:
        dedup = _KINDS[kind].dedup(registered, dict(params)) or dedup
    return enqueue(kind, entity=registered, params=params, dedup=dedup, **options)


def _find(kind: str) -> _Asked:
    if kind not in _KINDS:
        message = f"Nobody asks for a {kind[:100]!r} by its parameters, only for: {', '.join(_KINDS)}."
        if kind == "command":
            message += " Send another command (`bridge commands send`), and cancel or resolve this one's job."
        raise InvalidRequest(message, code="not_askable")
    return _KINDS[kind]


_KINDS = {
    "sync": _Asked(("full", "since", "page_size"), asked_params.sync),
    "dry_run": _Asked(("full", "since", "pages"), asked_params.dry_run),
    "push": _Asked(("target", "dry_run"), asked_params.of_target, asked_params.push_dedup),
    "reconcile": _Asked(("target", "dry_run"), asked_params.of_target, asked_params.reconcile_dedup),
}
