"""The deliveries page: what targets refused, and sending again."""

from __future__ import annotations

from django.test import Client

from sync.models import Job
from tests import factories
from tests.integration.admin.pages import main_text, page

LIST = "sync_delivery_changelist"


def test_it_shows_the_targets_words(viewing: Client) -> None:
    factories.delivery("apismith.items")

    text = main_text(viewing.get(page(LIST)))

    assert "items 17 is being edited by a planner." in text


def test_it_filters_by_target(viewing: Client) -> None:
    factories.delivery("apismith.items")

    found = viewing.get(page(LIST), {"target": "schedulehub"}).context["cl"].result_count

    assert found == 1


def test_the_detail_offers_to_send_it_again(operating: Client) -> None:
    delivery = factories.delivery("apismith.items")

    text = main_text(operating.get(page("sync_delivery_change", delivery.pk)))

    assert "LOCKED" in text


def test_chosen_ones_are_sent_again(operating: Client) -> None:
    delivery = factories.delivery("apismith.items")
    chosen = {"action": "retry_many", "_selected_action": [str(delivery.pk)], "_form_submitted": "1"}

    operating.post(page(LIST), chosen)

    delivery.refresh_from_db()
    assert (delivery.state, Job.objects.get().kind) == ("waiting", "push")
