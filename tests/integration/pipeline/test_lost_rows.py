"""A far end that loses rows, from its first lost page to the operator's undo."""

from __future__ import annotations

from django.test import Client

from sync.models import AuditEntry, DeleteProposal
from tests import factories
from tests.farend import FarEnd
from tests.integration.admin.pages import main_text, page
from tests.integration.pipeline.conftest import run_waiting, sync
from tests.integration.pipeline.deleting import GADGETS, full_read, have, live, live_rows, why_not

SENT = {"_form_submitted": "True", "remark": "The shop was cleared out."}


def test_half_the_pages_lost_midway_delete_nothing_and_lost_rows_wait_for_a_person(far_end: FarEnd) -> None:
    have(far_end, *range(1, 101))
    sync(GADGETS)

    far_end.on_page = lambda params: have(far_end, *range(1, 51)) if params["offset"] == "20" else None
    assert "while it was read 50" in why_not(full_read())
    assert len(live()) == 100
    assert not DeleteProposal.objects.exists()

    far_end.on_page = None
    have(far_end, *range(31, 101))
    full_read()
    assert len(live()) == 100
    proposal = DeleteProposal.objects.get()

    olga = Client()
    olga.force_login(factories.operator("olga"))
    assert "30 of 100 (30.0%)" in main_text(olga.get(page("sync_deleteproposal_changelist")))
    olga.post(page("sync_deleteproposal_approve_one", proposal.pk), SENT)
    run_waiting("deletes")
    assert live() == set(range(31, 101))
    assert live_rows() == 70

    olga.post(page("sync_deleteproposal_undo_one", proposal.pk), SENT)
    run_waiting("deletes")
    assert len(live()) == live_rows() == 100
    assert [entry.act for entry in AuditEntry.objects.order_by("id")] == [
        "delete_proposal.approve",
        "delete_proposal.undo",
    ]
