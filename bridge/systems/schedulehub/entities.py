"""ScheduleHub has no entities of its own: those that are pushed to it say so themselves."""

from __future__ import annotations

from bridge.systems.schedulehub.client import client, is_configured, target
from sync.declare import RateLimitFields, System

system = System(
    name="schedulehub",
    label="ScheduleHub",
    client=client,
    entities=(),
    target=target,
    rate_headers=RateLimitFields(),
    enabled=is_configured,
)
