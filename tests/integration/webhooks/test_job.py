"""The one job an entity's webhooks share: none is lost when it ends as another comes in, none is worked twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import IntegrityError, connection, transaction

from sync import inbound
from sync.jobs.enqueue import enqueue
from sync.models import Batch, Inbound, Job, Mapping
from sync.registry import registry
from tests import factories
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import run_again
from tests.integration.webhooks.conftest import gadget, moment, name_of, tell, tell_key, tracker, work

GADGETS = registry.find("shop.gadgets")


def test_many_deliveries_are_one_batch(shop: FarEnd) -> None:
    for number in range(5):
        tell(gadget(number))
    work()

    assert Batch.objects.get().counts["inserted"] == 5
    assert {row.result["inserted"] for row in Inbound.objects.all() if row.result} == {1}


def test_what_is_brought_while_the_job_ends_is_worked_too(shop: FarEnd) -> None:
    job = enqueue("webhook", entity=GADGETS, dedup="webhook:shop.gadgets", requested_by="test").job
    brought, waited = threading.Event(), threading.Event()

    def bring() -> None:
        with transaction.atomic():
            tell(gadget(1))
            brought.set()
            waited.wait(10)
        connection.close()

    bringing = threading.Thread(target=bring)
    bringing.start()
    assert brought.wait(10)
    watching = threading.Thread(target=watch, args=(waited,))
    watching.start()
    run_again(job)
    bringing.join()
    watching.join()

    assert name_of(1) == "Gadget 1"
    assert Job.objects.get(kind="webhook").status == Job.Status.SUCCESS


def watch(waited: threading.Event) -> None:
    """Until the job that would end waits for who brings."""
    while not waited.is_set():
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            row = cursor.fetchone()
        if row and row[0]:
            waited.set()
    connection.close()


def test_a_delivery_after_the_end_gets_a_job_of_its_own(shop: FarEnd) -> None:
    tell(gadget(1))
    work()
    tell(gadget(2))

    assert [job.status for job in Job.objects.filter(kind="webhook").order_by("id")] == ["success", "pending"]


def test_trouble_between_rows_and_deletes_repeats_nothing(shop: FarEnd) -> None:
    tell(gadget(2), at=moment(-20))
    work()
    tell(gadget(1), at=moment(-20))
    tell_key(2, "deleted")
    job = Job.objects.get(kind="webhook", status=Job.Status.PENDING)

    with refusing("delete_proposal"), pytest.raises(IntegrityError):
        run_again(job)
    assert name_of(1) == "Gadget 1"
    Job.objects.filter(pk=job.pk).update(status=Job.Status.PENDING)
    run_again(job)

    assert name_of(2) is None
    assert {row.state for row in Inbound.objects.all()} == {Inbound.State.DONE}
    assert tracker().live_rows == 1


@contextmanager
def refusing(table: str) -> Iterator[None]:
    """The database takes no rows of a table."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT refusing CHECK (false) NOT VALID")
        yield
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT refusing")


def test_it_goes_through_the_mapping_in_force(shop: FarEnd) -> None:
    factories.mapping(state=Mapping.State.ACTIVE, rules={"fields": {"name": {"clean": ["upper"]}}})

    tell(gadget(1))
    work()

    assert name_of(1) == "GADGET 1"


def test_deliveries_are_forgotten_when_nobody_repeats_them_any_more(db: None) -> None:
    old = factories.inbound(ago=inbound.KEPT * 2)
    waits = factories.inbound(ago=inbound.KEPT * 2, state=Inbound.State.WAITING)
    new = factories.inbound()

    inbound.forget()

    assert {row.pk for row in Inbound.objects.all()} == {waits.pk, new.pk}
    assert old.pk not in {waits.pk, new.pk}
