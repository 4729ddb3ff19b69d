"""Who goes first: the higher number. Equal ones go in the order of asking."""

from __future__ import annotations

INTERACTIVE = 30  # somebody waits for the answer
COMMAND = 20  # somebody asked for it
BATCH = 10  # asked for by a schedule
BACKFILL = 0  # whenever there is time
