"""Mappings switched on and back while work goes on, and what a lineage tells of each."""

from __future__ import annotations

from django.db import transaction
from django.test import Client

from api.auth import mint
from sync.declare import days
from sync.jobs.claim import Interrupted
from sync.jobs.take import take
from sync.mapping import acts
from sync.models import Job, Mapping
from sync.pipeline.remapping.remap import run_remap
from sync.registry import registry
from tests.elsewhere import Elsewhere
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run_again, sync
from tests.integration.pipeline.test_mapping import (
    GADGETS,
    OLGA,
    drafted,
    made_by,
    remapped,
    stored,
    switched_on,
)


def test_a_retired_mapping_is_gone_back_to(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1))
    first = switched_on(computed={"origin": {"constant": "good"}})
    sync(GADGETS)
    switched_on(computed={"origin": {"constant": "bad"}})
    remapped()
    assert stored(1)["origin"] == "bad"

    acts.activate(first.pk, by=OLGA)
    remapped()

    assert (stored(1)["origin"], made_by()) == ("good", {1})
    assert Mapping.objects.get(state="active").pk == first.pk


def test_a_remap_that_was_about_to_end_goes_on_under_the_mapping_switched_on_meanwhile(
    far_end: FarEnd,
) -> None:
    far_end.set("gadgets", gadget(1, email="a@b.c"))
    switched_on(fields={"email": {"clean": ["upper"]}})
    sync(GADGETS)
    following = drafted(fields={"email": {"clean": []}}, computed={"origin": {"constant": "shop"}})
    job = acts.remap(registry.find(GADGETS), by=OLGA)
    claim = take(job.pk, job.fence, "test")
    assert claim
    remapping = Elsewhere(lambda: run_remap(claim))

    with transaction.atomic():
        acts.activate(following.pk, by=OLGA)
        remapping.start()
        remapping.until_it_waits()
    remapping.join()

    assert isinstance(remapping.error, Interrupted)
    job.refresh_from_db()
    assert job.status == Job.Status.PROCESSING
    assert acts.remap(registry.find(GADGETS), by=OLGA).pk == job.pk
    Job.objects.filter(pk=job.pk).update(status=Job.Status.PENDING)
    run_again(job)
    assert (made_by(), stored(1)["origin"]) == ({2}, "shop")


def test_lineage_names_the_column_that_the_mapping_of_each_version_reads(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, email="a@b.c", altemail="x@y.z"))
    sync(GADGETS)
    switched_on(fields={"email": {"source": "altemail"}}, computed={"origin": {"constant": "shop"}})
    remapped()
    reader = Client(headers={"authorization": f"Bearer {mint('carol', ('read',), days(1))}"})

    now, before = (
        {
            value["field"]: value
            for value in reader.get(f"/api/v1/gadgets/1/lineage?revision={no}").json()["fields"]
        }
        for no in (2, 1)
    )

    assert (now["email"]["column"], now["email"]["raw"], now["email"]["mapped"]) == (
        "altemail",
        "x@y.z",
        "x@y.z",
    )
    assert (before["email"]["column"], before["email"]["raw"]) == ("email", "a@b.c")
    assert now["origin"]["mapped"] == "shop"
    assert "origin" not in before
