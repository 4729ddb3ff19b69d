"""The drift page: what changed at the sources, and the act that takes note of it."""

from __future__ import annotations

from django.test import Client

from sync.models import SourceColumn
from tests import factories
from tests.integration.admin.pages import main_text, page

SENT = {"_form_submitted": "1"}
DRIFT = "sync_sourcecolumn_changelist"


def test_it_says_what_happened_to_a_column(viewing: Client) -> None:
    factories.source_column()
    factories.source_column(name="note", state="missing", instead="notes")

    shown = main_text(viewing.get(page(DRIFT)))

    assert "'colour' is new (string); no field reads it." in shown
    assert "'note' is missing, and 'notes' is new: probably it was renamed." in shown


def test_an_operator_acknowledges_a_column(operating: Client) -> None:
    column = factories.source_column()

    operating.post(page("sync_sourcecolumn_acknowledge_one", column.pk), SENT)

    column.refresh_from_db()
    assert (column.acknowledged_by, column.drifts) == ("olga", False)


def test_a_viewer_may_only_look(viewing: Client) -> None:
    column = factories.source_column()

    assert viewing.post(page("sync_sourcecolumn_acknowledge_one", column.pk), SENT).status_code == 403


def test_only_what_waits_has_the_button(operating: Client) -> None:
    column = factories.source_column(state=SourceColumn.State.KNOWN)

    shown = operating.get(page("sync_sourcecolumn_change", column.pk)).content.decode()

    assert "acknowledge_one" not in shown


def test_known_columns_are_shown_only_when_asked_for(viewing: Client) -> None:
    factories.source_column()
    factories.source_column(name="plain", state="known")

    assert "'plain'" not in main_text(viewing.get(page(DRIFT)))
    factories.source_column(name="comments", state="unseen", first_seen=None)
    assert "'comments'" not in main_text(viewing.get(page(DRIFT)))
    assert "no row ever had it" in main_text(viewing.get(page(DRIFT), {"state": "unseen"}))
    for asked in ({"standing": "all"}, {"state": "known"}, {"q": "plain"}):
        assert "'plain' is as it was." in main_text(viewing.get(page(DRIFT), asked))


def test_an_empty_list_invites_to_nothing(viewing: Client) -> None:
    assert "Create a new item" not in main_text(viewing.get(page(DRIFT)))
    assert "Reset filters" in main_text(viewing.get(page(DRIFT), {"state": "missing"}))
