"""What a job is about, in the words of those who declared it."""

from __future__ import annotations

from sync.commands.accept import KIND
from sync.models import Job


def about(job: Job) -> str | None:
    """The path of its entity, or of the command that it sends; None where it is about neither."""
    if job.entity:
        return job.entity.path
    return job.params.get("command") if job.kind == KIND else None
