"""Backfills in the admin: previewed and started by a form, paused, resumed and cancelled by buttons."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from sync.models import AuditEntry, Backfill
from tests import factories
from tests.farend import FarEnd
from tests.integration.admin.pages import main_text, page
from tests.integration.pipeline.conftest import gadget

FORM = {"entity": "shop.gadgets", "by": "key", "low": "1", "high": "101", "window": "25"}


@pytest.fixture(autouse=True)
def far_end() -> Iterator[FarEnd]:
    with FarEnd() as server:
        server.set("gadgets", *(gadget(number) for number in range(1, 101)))
        yield server


def test_the_list_shows_how_far_they_are(viewing: Client) -> None:
    factories.backfill()

    shown = main_text(viewing.get(page("sync_backfill_changelist")))

    assert "25 of 100 rows, 1 of 4 windows" in shown
    assert "25 of 50 today" in shown
    assert "in " in shown  # its expected end


def test_the_page_shows_windows_days_and_counts(viewing: Client) -> None:
    one = factories.backfill()

    shown = main_text(viewing.get(page("sync_backfill_change", one.pk)))

    assert "26 … 51" in shown
    assert "inserted 25" in shown


def test_a_preview_tells_and_starts_nothing(operating: Client) -> None:
    form = {**FORM, "rows_per_day": "50", "_preview": "1"}

    shown = main_text(operating.post(page("sync_backfill_add"), form))

    assert "4 of 25, 1 at once" in shown
    assert "100 at the far end now" in shown
    assert not Backfill.objects.exists()


def test_it_starts_one_and_leads_to_it(operating: Client) -> None:
    answer = operating.post(page("sync_backfill_add"), {**FORM, "hours": "22-6"})

    one = Backfill.objects.get()
    assert answer["Location"] == page("sync_backfill_change", one.pk)
    assert (one.hours, one.requested_by) == ("22-6", "olga")
    assert AuditEntry.objects.get().door == "admin"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"low": "200"}, "must be less than"),
        ({"hours": "25"}, "such as 22-6"),
        ({"rows_per_day": "0"}, "from 1 to"),
        ({"entity": "shop.parts", "by": "cursor"}, "has no cursor"),
        ({"entity": "shop.notes", "by": ""}, "cannot be asked for a window"),
        ({"entity": "shop.nothing"}, "Select a valid choice"),
    ],
)
def test_what_makes_no_sense_is_said_in_the_form(operating: Client, form: dict[str, str], words: str) -> None:
    assert words in main_text(operating.post(page("sync_backfill_add"), {**FORM, **form}))
    assert not Backfill.objects.exists()


@pytest.mark.parametrize(
    ("before", "act", "after"),
    [
        ("running", "pause", "paused"),
        ("paused", "resume", "running"),
        ("running", "cancel", "cancelled"),
        ("paused", "cancel", "cancelled"),
    ],
)
def test_a_button_acts(operating: Client, before: str, act: str, after: str) -> None:
    one = factories.backfill(state=before)

    operating.post(page(f"sync_backfill_{act}_one", one.pk), {"_form_submitted": "True"})

    one.refresh_from_db()
    assert one.state == after


def test_only_what_makes_sense_is_offered(operating: Client) -> None:
    one = factories.backfill(state="done")

    html = operating.get(page("sync_backfill_change", one.pk)).content.decode()

    assert f"{one.pk}/pause" not in html
    assert f"{one.pk}/resume" not in html


def test_a_viewer_may_not_start_or_act(viewing: Client) -> None:
    one = factories.backfill()

    assert viewing.get(page("sync_backfill_add")).status_code == 403
    assert (
        viewing.post(page("sync_backfill_cancel_one", one.pk), {"_form_submitted": "True"}).status_code == 403
    )
    one.refresh_from_db()
    assert one.state == "running"
