"""Nothing is read from the provider of messages into the mirror: it is told what to send."""

from __future__ import annotations

from bridge.systems.notifications.client import client
from bridge.systems.notifications.commands import send_message
from sync.declare import Budget, System

system = System(
    name="notifications",
    label="Notifications",
    client=client,
    entities=(),
    commands=(send_message,),
    budget=Budget(per_second=50, concurrent=20),
)
