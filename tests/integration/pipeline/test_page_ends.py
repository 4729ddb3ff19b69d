"""How a run ends when its pages do not: by an error of the far end, or by a client that forgets the last one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sync.errors import FatalError
from sync.jobs.enqueue import enqueue
from sync.jobs.run import run_job
from sync.models import Batch
from sync.registry import registry
from sync.sources import Ask, Page
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run_again, sync
from tests.shop import system


class Forgetful:
    """Names a next page, and does not bring it."""

    def pages(self, resource: Any, ask: Ask) -> Iterator[Page]:
        yield Page(rows=[b'{"id": 1}'], asked_at=datetime.now(UTC), next={"page": 2})

    def one(self, resource: Any, key: Mapping[str, str]) -> Page | None:
        return None

    def check(self) -> None:
        """Nothing to ask."""


@pytest.fixture
def forgetful(committed: None) -> Iterator[None]:
    known = registry.systems
    registry.fill([replace(system, client=Forgetful)])
    yield
    registry.fill(known)


def test_a_client_that_brings_no_last_page_is_told_so(forgetful: None) -> None:
    with pytest.raises(FatalError, match="without a last one"):
        sync("shop.parts")


def test_what_came_before_an_error_is_kept_and_not_asked_for_again(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(1, 41)))

    def refuse_after_the_third(params: dict[str, str]) -> None:
        if params["offset"] == "20":
            far_end.refuse_with = (500, {}, b'{"error": "tired"}')

    far_end.on_page = refuse_after_the_third
    job = enqueue("sync", entity=registry.find("shop.gadgets"), requested_by="test").job
    assert run_job(job.pk, job.fence) == "retry"
    assert [batch.counts["inserted"] for batch in Batch.objects.all()] == [30]

    far_end.on_page = far_end.refuse_with = None
    far_end.asked.clear()
    done = run_again(job)

    assert [params["offset"] for _, _, params in far_end.asked] == ["30"]
    assert done.result is not None
    assert done.result["inserted"] == 40
