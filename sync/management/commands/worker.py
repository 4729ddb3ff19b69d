"""`worker`: runs jobs until it is told to stop."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sync.errors import BridgeError
from sync.jobs.kinds import QUEUES
from sync.jobs.worker import run_worker


class Command(BaseCommand):
    """One process; SIGTERM or Ctrl-C once, and it hands its work back and ends."""

    help = "Run jobs until told to stop."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--queues", help=f"only these queues, comma-separated (of {', '.join(QUEUES)})")
        parser.add_argument("--kinds", help="only these kinds of jobs, comma-separated")
        parser.add_argument("--concurrency", type=int, help="jobs at once in the queue of syncs")

    def handle(self, *args: Any, **options: Any) -> None:
        queues, kinds = _names(options["queues"]), _names(options["kinds"])
        try:
            code = run_worker(queues=queues, concurrency=options["concurrency"], only=kinds)
        except BridgeError as error:
            raise CommandError(error.message, returncode=2) from error
        sys.exit(code)


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]
