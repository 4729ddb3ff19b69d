"""What `bridge check` says of a system's declaration."""

from __future__ import annotations

from sync.checks import check
from sync.registry import registry


def faults_of(system: str) -> list[str]:
    """Everything wrong in the declaration, each with its code and what to do: `assert faults_of("shop") == []`.

    Raises AssertionError where no such system is loaded.
    """
    known = [one.name for one in registry.systems]
    if system not in known:
        raise AssertionError(
            f"There is no system {system!r}; loaded are: {', '.join(known) or 'none'}. Name its module in"
            " bridge_systems of pytest.ini, or in BRIDGE_SYSTEMS."
        )
    return [
        f"{fault.id} {fault.obj}: {fault.msg} {fault.hint or ''}".strip()
        for fault in check(registry)
        if any(_is_of(name, system) for name in str(fault.obj).split(" and "))
    ]


def _is_of(name: str, system: str) -> bool:
    return name == system or name.startswith(f"{system}.")
