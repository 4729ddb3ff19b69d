"""Deletes go in reverse: a parent's wait until those of its children are through."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sync import schema
from sync.registry import registry
from sync.targets.ledger import Ledger
from sync.targets.plan import Plan

LOOK_AGAIN = timedelta(seconds=10)


def hold_deletes(ledger: Ledger, plan: Plan) -> Plan:
    """The plan, with its deletes put off where children are still to be deleted at the target. Reads only."""
    if not any(step.op == "d" and step.wait is None for step in plan.steps):
        return plan
    children = [
        schema.entity_id(child.path)
        for child, _ in registry.children(ledger.registered)
        if child.path != ledger.registered.path
        and any(push.target == ledger.push.target for push in child.entity.targets)
    ]
    if not children or not ledger.rows("any_deletes", entities=children)[0][0]:
        return plan
    until = datetime.now(UTC) + LOOK_AGAIN
    steps = [
        replace(step, wait="children_remain", until=until) if step.op == "d" and step.wait is None else step
        for step in plan.steps
    ]
    return replace(plan, steps=steps)
