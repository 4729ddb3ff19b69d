"""The pending children page: what waits, for what, since when."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client

from tests import factories
from tests.integration.admin.pages import main_text, page

PENDING = "sync_pendingchild_changelist"


def test_it_shows_what_waits_for_what(viewing: Client) -> None:
    factories.pending_child(created_at=factories.now() - timedelta(minutes=3))

    assert "7 shop.gadgets shop.makers 9 3 min ago" in main_text(viewing.get(page(PENDING)))


def test_it_filters_by_the_parent(viewing: Client) -> None:
    factories.pending_child()

    assert viewing.get(page(PENDING), {"parent": "shop.makers"}).context["cl"].result_count == 1
    assert viewing.get(page(PENDING), {"parent": "shop.parts"}).context["cl"].result_count == 0


def test_the_detail_shows_the_row(viewing: Client) -> None:
    child = factories.pending_child()

    assert '"name": "Lamp"' in main_text(viewing.get(page("sync_pendingchild_change", child.pk)))
