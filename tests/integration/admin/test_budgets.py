"""The budgets page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from sync.models import AuditEntry, Budget
from tests import factories
from tests.integration.admin.pages import main_text, page, text


def edit(client: Client, **values: str) -> str:
    form = {"rate": "10", "burst": "20", "concurrent": "5", "day_quota": "", **values}
    client.get(page("sync_budget_changelist"))  # which gives each system its row
    return text(client.post(page("sync_budget_change", "netsuite"), form, follow=True))


def test_it_lists_every_system_with_its_limits(viewing: Client) -> None:
    shown = main_text(viewing.get(page("sync_budget_changelist")))

    assert "netsuite" in shown
    assert "10, in a burst 20" in shown
    assert "shop" in shown


def test_an_edit_is_kept_and_audited(operating: Client) -> None:
    edit(operating, rate="10", reason="only words")
    assert not AuditEntry.objects.exists()
    edit(operating, rate="4", burst="", concurrent="", reason="it is slow")

    kept = Budget.objects.get(system="netsuite")
    assert (kept.rate, kept.burst, kept.concurrent, kept.edited) == (4, 8, None, True)
    entry = AuditEntry.objects.get(act="budget.edit")
    assert (entry.door, entry.reason) == ("admin", "it is slow")


def test_without_a_rate_there_is_no_limit(operating: Client) -> None:
    edit(operating, rate="", burst="")

    assert Budget.objects.get(system="netsuite").rate == float("inf")
    assert "inf" not in main_text(operating.get(page("sync_budget_change", "netsuite")))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"burst": "2"}, "burst is 2, too little for 10 requests a second: at least 6"),
        ({"rate": "-1", "burst": ""}, "rate is -1.0: it is more than 0"),
        ({"day_quota": "0"}, "per_day is 0: it is more than 0"),
        ({"rate": "fast"}, "Enter a number."),
        ({"concurrent": "99999999999999"}, "it is at most 10,000"),
    ],
)
def test_limits_that_let_nothing_through_are_errors_of_the_form(
    operating: Client, values: dict[str, str], words: str
) -> None:
    assert words in edit(operating, **values)

    assert not Budget.objects.get(system="netsuite").edited


def test_a_viewer_sees_and_changes_nothing(viewing: Client) -> None:
    edit(viewing, rate="4")

    assert not Budget.objects.get(system="netsuite").edited


def test_its_page_tells_of_a_pause_and_can_end_it(operating: Client) -> None:
    Budget.objects.create(
        system="netsuite",
        rate=10,
        burst=20,
        tokens=1,
        at=factories.now(),
        not_before=factories.now() + timedelta(hours=2),
    )

    assert "End the pause" in text(operating.get(page("sync_budget_change", "netsuite")))
    operating.post(page("sync_budget_resume_one", "netsuite"), {"_form_submitted": "True"})

    assert Budget.objects.get(system="netsuite").not_before is None


def test_what_a_far_end_says_of_its_own_limit_is_shown(viewing: Client) -> None:
    viewing.get(page("sync_budget_changelist"))
    Budget.objects.update(far_limit=100, far_left=2, far_note="X-RateLimit-Reset: soon")

    shown = main_text(viewing.get(page("sync_budget_change", "netsuite")))

    assert "2 of 100 requests left; could not be read: X-RateLimit-Reset: soon" in shown
