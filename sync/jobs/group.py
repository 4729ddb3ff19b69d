"""Short jobs in groups: claimed by one statement, done in one transaction, each behind a savepoint of its own.

Their handlers run inside that transaction and call no far end. One that fails takes back its own savepoint and runs
again alone, to end as any job does; the others commit. A group that cannot commit is done again one by one. A worker
that dies in a group has committed none of it: its jobs are recovered when their leases run out, and from then on each
runs alone, so that the one that kills workers is told from its neighbours.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import structlog
from django.db import Error, close_old_connections, transaction
from psycopg.types.json import Jsonb

from sync import metrics
from sync.jobs import kinds, lanes
from sync.jobs.claim import Claim
from sync.jobs.handing import hand_over
from sync.jobs.lease import leases
from sync.jobs.prepared import ask
from sync.jobs.run import run_claim, unfinished

log = structlog.get_logger(__name__)

Ended = tuple[Claim, Mapping[str, Any]]
MOST = 20
"""Jobs in one transaction."""


def run(claims: Sequence[Claim]) -> None:
    """Do these claimed jobs together, and what failed or could not be committed alone."""
    if not claims:
        return
    began = time.monotonic()
    with ExitStack() as held:
        for claim in claims:
            held.enter_context(leases.held(claim))
        left = _together(claims)
    done = len(claims) - len(left)
    if done:
        took = {"seconds": round(time.monotonic() - began, 3)}
        log.info("jobs_ran", kind=claims[0].kind, jobs=done, outcome="success", metrics=took)
    alone = {claim.job_id for claim in left}
    ended = [claim for claim in claims if claim.job_id not in alone]
    hand_over({s for c in ended for s in c.scopes}, {lane for c in ended for lane in c.lanes})
    for claim in left:
        run_claim(claim)


def _together(claims: Sequence[Claim]) -> list[Claim]:
    """Do them in one transaction; returns those that are still to be done."""
    ended: list[Ended] = []
    try:
        with transaction.atomic():
            ours = _hold(claims)
            for claim in ours:
                _one(claim, ended)
            _finish(ended)
    except Error as error:
        log.warning("group_undone", jobs=len(claims), reason=str(error).strip())
        close_old_connections()
        ended = []
        for claim in claims:  # one may have ended by asking for children
            claim.live.finished = False
    for claim in claims:
        claim.live.group = None
    for claim, _ in ended:
        claim.live.finished = True
        module = "" if claim.entity is None else claim.entity.path
        metrics.jobs_processed.labels(module=module).inc()
    return [claim for claim in claims if not claim.live.finished]


def _hold(claims: Sequence[Claim]) -> list[Claim]:
    """Keep the jobs ours until the transaction ends; those that are."""
    held = set(ask("hold_jobs", ids=[claim.job_id for claim in claims]))
    return [claim for claim in claims if (claim.job_id, claim.fence) in held]


def _one(claim: Claim, ended: list[Ended]) -> None:
    before = len(ended)
    claim.live.group = ended
    try:
        with transaction.atomic():
            kinds.handler_of(claim.kind)(claim)
            if len(ended) == before and not claim.live.finished:
                raise unfinished(claim)
    except Exception as error:  # whatever it is, it is judged when the job runs alone
        log.info("job_left_its_group", job_id=str(claim.job_id), reason=repr(error))
        del ended[before:]
        claim.live.finished = False


def _finish(ended: Sequence[Ended]) -> None:
    if not ended:
        return
    ask(
        "finish_jobs",
        ids=[claim.job_id for claim, _ in ended],
        fences=[claim.fence for claim, _ in ended],
        numbers=[claim.attempt for claim, _ in ended],
        results=[Jsonb(dict(result)) for _, result in ended],
    )
    for claim, _ in ended:
        if claim.lanes:
            lanes.leave(claim.job_id)
