"""The audit page: who did what; nobody edits it."""

from __future__ import annotations

from django.test import Client

from sync.schema import entity_id
from tests import factories
from tests.integration.admin.pages import main_text, page

AUDIT = "sync_auditentry_changelist"


def test_it_shows_who_did_what_by_which_door(viewing: Client) -> None:
    job = factories.dead_job()
    factories.audit_entry(object_id=str(job.pk), reason="it is up again")

    answer = viewing.get(page(AUDIT))

    assert f"olga admin job.retry job {job.pk} it is up again" in main_text(answer)
    assert page("sync_job_change", job.pk) in answer.content.decode()


def test_an_entity_leads_to_its_tracker(viewing: Client) -> None:
    factories.audit_entry(act="entity.pause", object_type="entity", object_id="shop.gadgets")
    number = entity_id("shop.gadgets")

    assert page("sync_tracker_change", number) in viewing.get(page(AUDIT)).content.decode()


def test_it_finds_the_acts_of_a_person_and_on_an_object(viewing: Client) -> None:
    factories.audit_entry(actor="olga")
    factories.audit_entry(actor="otto", object_id="42")

    assert viewing.get(page(AUDIT), {"q": "olga"}).context["cl"].result_count == 1
    assert viewing.get(page(AUDIT), {"q": "42"}).context["cl"].result_count == 1
    assert viewing.get(page(AUDIT), {"door": "shell"}).context["cl"].result_count == 0


def test_the_detail_shows_before_and_after(viewing: Client) -> None:
    entry = factories.audit_entry(before={"status": "failed"}, after={"status": "pending"})

    shown = main_text(viewing.get(page("sync_auditentry_change", entry.pk)))

    assert '"status": "failed"' in shown
    assert '"status": "pending"' in shown


def test_not_even_an_administrator_edits_or_deletes_an_entry(administering: Client) -> None:
    entry = factories.audit_entry()

    assert administering.post(page("sync_auditentry_change", entry.pk), {"actor": "x"}).status_code == 403
    assert administering.post(page("sync_auditentry_delete", entry.pk), {"post": "yes"}).status_code == 403
