"""A process that runs one command's job and is killed at a step: `python -m tests.integration.commands.killing`."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any
from uuid import UUID

import django

POINTS = ("before sending", "after sending", "before answered", "after answered")


def main(point: str, job_id: str, fence: str) -> None:
    """Run the job for this delivery, up to the point."""
    django.setup()
    from sync.commands import ledger, run
    from sync.jobs.run import run_job

    when, _, step = point.partition(" ")
    assert step in (ledger.SENDING, ledger.ANSWERED)
    write = run._Attempt._write

    def killed(self: Any, state: str, written: str, *args: Any, **options: Any) -> bool:
        if written == step and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        done = write(self, state, written, *args, **options)
        if written == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    setattr(run._Attempt, "_write", killed)  # noqa: B010 - a method, which mypy lets nobody assign
    run_job(UUID(job_id), int(fence))


if __name__ == "__main__":
    main(*sys.argv[1:])
