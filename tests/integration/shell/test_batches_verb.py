"""`bridge batches`."""

from __future__ import annotations

from sync.models import DeliveryCount
from tests import factories
from tests.integration.shell.conftest import Shell

COUNTS = {"rows_fetched": 1000, "inserted": 50, "updated": 48, "skipped": 900, "failed": 2}


def test_it_lists_the_newest_with_their_counts(shell: Shell) -> None:
    factories.batch(factories.job("shop.makers"))
    wanted = factories.batch(factories.job(), counts=COUNTS)

    shell("batches", "--entity", "gadgets")

    (_, line) = shell.out.splitlines()
    assert line.split()[:2] == [str(wanted.pk), "shop.gadgets"]
    assert "900" in line
    assert "99.80 %" in line


def test_it_lists_those_of_a_job_as_json(shell: Shell) -> None:
    factories.batch(factories.job())
    wanted = factories.batch(factories.job())

    shell("batches", "list", "--job", str(wanted.job_id), "--json")

    assert [batch["id"] for batch in shell.json] == [wanted.pk]


def test_one_has_the_counts_of_its_targets_beside_its_own(shell: Shell) -> None:
    batch = factories.batch(factories.job(), counts=COUNTS)
    DeliveryCount.objects.create(
        batch_id=batch.pk, target="hub", entity_id=batch.entity_id, inserted=50, updated=47, failed=1
    )

    shell("batches", "show", str(batch.pk))
    words = " ".join(shell.out.split())
    shell("batches", "show", str(batch.pk), "--json")

    assert "hub 1,000 50 47 900 0 3 99.70 %" in words
    assert shell.json["targets"]["hub"]["end_to_end"]["success_rate"] == 99.7


def test_without_an_id_it_shows_the_newest(shell: Shell) -> None:
    wanted = factories.batch(factories.job())
    factories.batch(factories.job("shop.makers"))

    shell("batches", "show", "--entity", "gadgets", "--json")

    assert shell.json["id"] == wanted.pk


def test_it_says_that_there_is_none(shell: Shell) -> None:
    assert shell("batches", "show") == 0
    assert "No such batch." in shell.out
    assert shell("batches", "show", "99999") == 2
    assert "no batch" in shell.err
