"""The deletes page: what is missing, and the acts that make sense."""

from __future__ import annotations

import pytest
from django.test import Client

from sync.models import DeleteProposal, Job
from tests import factories
from tests.integration.admin.pages import main_text, page, text

DELETES = "sync_deleteproposal_changelist"
SENT = {"_form_submitted": "True"}


def detail(proposal: DeleteProposal) -> str:
    return page("sync_deleteproposal_change", proposal.pk)


def test_the_list_shows_how_many_of_how_many(viewing: Client) -> None:
    factories.delete_proposal()

    assert "proposed shop.gadgets 30 of 100 (30.0%) 1, 2, 3" in main_text(viewing.get(page(DELETES)))


def test_it_filters_by_state(viewing: Client) -> None:
    factories.delete_proposal()

    assert viewing.get(page(DELETES), {"state": "proposed"}).context["cl"].result_count == 1
    assert viewing.get(page(DELETES), {"state": "applied"}).context["cl"].result_count == 0


@pytest.mark.parametrize(
    ("state", "offered"),
    [("proposed", ["Approve", "Reject"]), ("applied", ["Undo"]), ("rejected", [])],
)
def test_it_offers_what_makes_sense(operating: Client, state: str, offered: list[str]) -> None:
    shown = text(operating.get(detail(factories.delete_proposal(state=state))))

    assert [word for word in ("Approve", "Reject", "Undo") if word in shown.split()] == offered


@pytest.mark.parametrize(
    ("act", "before", "after"),
    [("approve", "proposed", "approved"), ("reject", "proposed", "rejected"), ("undo", "applied", "undone")],
)
def test_it_decides(operating: Client, act: str, before: str, after: str) -> None:
    proposal = factories.delete_proposal(state=before)

    operating.post(page(f"sync_deleteproposal_{act}_one", proposal.pk), {**SENT, "remark": "told so"})

    proposal.refresh_from_db()
    assert (proposal.state, proposal.reason) == (after, "told so")
    assert Job.objects.filter(kind="deletes").exists() is (after != "rejected")


def test_who_may_only_look_decides_nothing(viewing: Client) -> None:
    proposal = factories.delete_proposal()

    answer = viewing.post(page("sync_deleteproposal_approve_one", proposal.pk), SENT)

    proposal.refresh_from_db()
    assert (answer.status_code, proposal.state) == (403, "proposed")
