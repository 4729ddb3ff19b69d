"""A frozen process must not keep what it locked: the server ends a transaction in which nothing happens."""

from __future__ import annotations

from django.db import DEFAULT_DB_ALIAS, connections

LONGEST_PAUSE = 60.0
"""Seconds between two statements of a transaction; a batch of 50,000 rows pauses for one or two."""


def end_idle_transactions(seconds: float = LONGEST_PAUSE) -> None:
    """For connections that this process opens from now on. Its work then goes on elsewhere, as a dead one's does."""
    options = connections.settings[DEFAULT_DB_ALIAS]["OPTIONS"]
    timeout = f"-c idle_in_transaction_session_timeout={round(seconds * 1000)}"
    options["options"] = f"{options.get('options', '')} {timeout}".strip()
