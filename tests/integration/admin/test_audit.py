"""The audit page: who did what; nobody edits it."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.admin.utils import quote
from django.test import Client

from sync.schema import entity_id
from tests import factories
from tests.integration.admin.pages import main_text, page
from tests.integration.trail.conftest import act_at_once, past_the_triggers

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


def test_what_has_a_page_leads_to_it(viewing: Client) -> None:
    factories.audit_entry(act="limit.change", object_type="limit", object_id="entity:shop.gadgets")
    bulk, command = factories.job(None, kind="bulk"), factories.command("proven")
    factories.audit_entry(act="jobs.retry", object_type="jobs", object_id=str(bulk.pk))
    factories.audit_entry(act="command.settle", object_type="command", object_id=str(command.pk))

    shown = viewing.get(page(AUDIT)).content.decode()

    for link in (
        page("sync_scopelimit_change", quote("entity:shop.gadgets")),
        page("sync_job_change", bulk.pk),
        page("sync_command_change", command.pk),
    ):
        assert link in shown
        assert viewing.get(link).status_code == 200
    assert viewing.get(page(AUDIT), {"object_type": "command"}).context["cl"].result_count == 1


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


def test_the_detail_names_only_what_changed(viewing: Client) -> None:
    entry = factories.audit_entry(before={"most": 1, "paused": False}, after={"most": 3, "paused": False})

    shown = main_text(viewing.get(page("sync_auditentry_change", entry.pk)))

    assert "What changed Name Before After most 1 3 In the chain" in shown


def test_acts_of_a_sort_and_of_a_time_are_found(viewing: Client) -> None:
    factories.audit_entry(at=factories.now() - timedelta(days=3))
    factories.audit_entry(act="limit.change")

    for given, found in (
        ({"q": "job."}, 1),
        ({"q": "limit.change"}, 1),
        ({"period": "1"}, 1),
        ({"period": "7"}, 2),
        ({"period": "soon"}, 2),
    ):
        assert viewing.get(page(AUDIT), given).context["cl"].result_count == found, given


def test_an_operator_looks_whether_the_chain_holds(operating: Client) -> None:
    for number in range(3):
        act_at_once(number)

    shown = main_text(operating.get(page("audit_verify")))

    assert "holds 3 none 3:" in shown
    with past_the_triggers() as cursor:
        cursor.execute("UPDATE audit SET reason = 'other' WHERE object_id = 'queue:1'")
    shown = main_text(operating.get(page("audit_verify")))
    assert "broken 3 none 3:" in shown
    assert "changed 2 entry 2 (limit.change by olga)" in shown
    assert "is no head" in main_text(operating.get(page("audit_verify"), {"head": "x"}))


def test_who_may_only_look_does_not_have_all_of_it_read(viewing: Client) -> None:
    assert viewing.get(page("audit_verify")).status_code == 403


def test_not_even_an_administrator_edits_or_deletes_an_entry(administering: Client) -> None:
    entry = factories.audit_entry()

    assert administering.post(page("sync_auditentry_change", entry.pk), {"actor": "x"}).status_code == 403
    assert administering.post(page("sync_auditentry_delete", entry.pk), {"post": "yes"}).status_code == 403
