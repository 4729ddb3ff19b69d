"""A job with all that came of it, as a tree."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection

from sync.models import Job
from sync.queries import query

MOST = 1_000
"""Jobs of a tree that are shown."""
MOST_DEEP = 20


@dataclass(slots=True)
class Node:
    """A job and the jobs that it asked for, in their order."""

    job: Job
    children: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Tree:
    """The tree from its topmost job on; `more` where some of it is not shown."""

    root: Node
    more: bool


def tree(job_id: UUID) -> Tree | None:
    """The tree in which a job stands; None where there is no such job."""
    with connection.cursor() as cursor:
        cursor.execute(query("job_tree"), {"job": job_id, "most": MOST + 1, "deep": MOST_DEEP})
        ids = [row[0] for row in cursor.fetchall()]
    jobs = {job.pk: job for job in Job.objects.select_related("entity").filter(pk__in=ids[:MOST])}
    if not ids or ids[0] not in jobs:
        return None
    nodes = {number: Node(jobs[number]) for number in ids[:MOST] if number in jobs}
    for number, node in nodes.items():
        parent = nodes.get(node.job.parent_id) if node.job.parent_id else None
        if parent is not None and number != ids[0]:
            parent.children.append(node)
    return Tree(nodes[ids[0]], more=len(ids) > MOST)


def lines(node: Node, depth: int = 0) -> list[tuple[int, Job]]:
    """The jobs of a tree from top to bottom, each with its depth."""
    below = [line for child in node.children for line in lines(child, depth + 1)]
    return [(depth, node.job), *below]
