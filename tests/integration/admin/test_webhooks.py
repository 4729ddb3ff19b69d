"""The page of webhooks."""

from __future__ import annotations

from django.test import Client

from tests import factories
from tests.integration.admin.pages import LISTS, main_text, page

LIST = page(LISTS["webhooks"])


def test_it_lists_what_came_in(viewing: Client) -> None:
    factories.inbound(delivery_id="d-7", told={"rows": 2, "keys": 0}, result={"updated": 2}, repeated=3)
    factories.inbound(delivery_id="d-8", result={"failed": 1})

    shown = main_text(viewing.get(LIST))

    assert "shop.gadgets done 2 rows 2 updated 3 d-7" in shown
    assert "failed 1 row 1 failed 0 d-8" in shown


def test_a_waiting_one_shows_its_body(viewing: Client) -> None:
    waiting = factories.inbound(state="waiting", result=None, body=b'{"event": "changed"}')

    shown = main_text(viewing.get(page("sync_inbound_change", waiting.pk)))

    assert '{"event": "changed"}' in shown


def test_it_leads_to_the_job(viewing: Client) -> None:
    job = factories.job()
    one = factories.inbound(job_id=job.id)

    answer = viewing.get(page("sync_inbound_change", one.pk))

    assert f"/admin/sync/job/{job.id}/" in answer.content.decode()


def test_it_is_found_by_the_far_ends_id(viewing: Client) -> None:
    factories.inbound(delivery_id="alpha")
    factories.inbound(delivery_id="beta")

    shown = main_text(viewing.get(f"{LIST}?q=alpha"))

    assert ("alpha" in shown, "beta" in shown) == (True, False)
