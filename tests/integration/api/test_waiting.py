"""`Prefer: wait=N`: one call gives the fresh row, and waiting never takes all threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.db import connection, connections

from api.preferences import waiting_place
from sync.keys import key_hash
from sync.models import Job, Record
from sync.registry import registry
from tests.factories import now, record
from tests.integration.api.conftest import Calling

LAMP = "/api/v1/shop/gadgets/7"


@pytest.fixture
def by_and_by() -> Iterator[Callable[[Callable[[Job], None]], None]]:
    """Does what a worker would, in a thread of its own, to the first job that appears."""
    stopping = threading.Event()
    threads: list[threading.Thread] = []

    def work(act: Callable[[Job], None]) -> None:
        def run() -> None:
            while not stopping.wait(0.01):
                if job := Job.objects.first():
                    act(job)
                    break
            connections.close_all()

        threads.append(threading.Thread(target=run))
        threads[-1].start()

    yield work
    stopping.set()
    for thread in threads:
        thread.join()


def ended(job: Job, status: str, **columns: str) -> None:
    Job.objects.filter(pk=job.pk).update(status=status, **columns)


def test_it_gives_the_fresh_row_in_one_call(
    committed: None, calling: Calling, by_and_by: Callable[[Callable[[Job], None]], None]
) -> None:
    record(data={"id": 7, "name": "old"}, synced_at=now() - timedelta(hours=1))

    def refresh(job: Job) -> None:
        Record.objects.update(data={"id": 7, "name": "new"}, synced_at=now(), revision=2)
        ended(job, "success")

    by_and_by(refresh)
    response = calling("read").get(LAMP, headers={"prefer": "wait=10"})

    assert response.status_code == 200
    assert response.json()["data"]["name"] == "new"
    assert int(response["Age"]) <= 1
    assert response["Preference-Applied"] == "wait=10"


def test_an_unknown_record_that_the_far_end_has_not_is_404(
    committed: None, calling: Calling, by_and_by: Callable[[Callable[[Job], None]], None]
) -> None:
    def find_none(job: Job) -> None:
        number = key_hash(registry.find("shop.gadgets"), {"id": "7"})
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO absent_key VALUES (%s, %s, %s)", (number, job.entity_id, now()))
        ended(job, "success")

    by_and_by(find_none)

    assert calling("read").get(LAMP, headers={"prefer": "wait=10"}).status_code == 404


def test_a_refresh_that_failed_is_503_with_the_far_ends_words(
    committed: None, calling: Calling, by_and_by: Callable[[Callable[[Job], None]], None]
) -> None:
    by_and_by(lambda job: ended(job, "failed", error_code="far_end_unavailable", error="out of order"))

    response = calling("read").get(LAMP, headers={"prefer": "wait=10"})

    assert (response.status_code, response.json()["code"]) == (503, "refresh_failed")
    assert response.json()["detail"]["error"] == "out of order"
    assert "Retry-After" in response


def test_a_wait_is_capped(
    committed: None, calling: Calling, by_and_by: Callable[[Callable[[Job], None]], None]
) -> None:
    by_and_by(lambda job: ended(job, "success"))

    assert calling("read").get(LAMP, headers={"prefer": "wait=999"})["Preference-Applied"] == "wait=30"


def test_it_does_not_wait_where_all_places_are_taken(db: None, calling: Calling) -> None:
    with ExitStack() as places:
        while places.enter_context(waiting_place()):
            pass
        response = calling("read").get(LAMP, headers={"prefer": "wait=30"})

    assert response.status_code == 202
    assert response["Preference-Applied"] == "wait=0"


def test_two_hundred_concurrent_stale_reads_make_one_job(committed: None, calling: Calling) -> None:
    record(data={"id": 7, "name": "Lamp"}, synced_at=now() - timedelta(hours=1))
    client = calling("read")

    def read(_: int) -> tuple[int, str]:
        response = client.get(LAMP)
        connection.close()
        return response.status_code, response["X-Sync-Triggered"]

    with ThreadPoolExecutor(max_workers=16) as pool:
        answers = list(pool.map(read, range(200)))

    assert Job.objects.count() == 1
    assert {status for status, _ in answers} == {200}
    assert [said for _, said in answers].count("true") == 1
