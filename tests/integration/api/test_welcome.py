"""GET /: what this is and where things are."""

from __future__ import annotations

import re

from django.test import Client


def test_a_browser_gets_a_page_that_needs_nothing_else(client: Client) -> None:
    response = client.get("/", headers={"accept": "text/html,*/*"})

    page = response.content.decode()
    assert response.status_code == 200
    assert "/api/v1/shop/gadgets" in page
    assert 'href="/docs"' in page
    assert "http://testserver/api/v1/" in page
    assert "<script" not in page
    assert "//cdn" not in page


def test_every_link_of_the_page_opens_in_a_browser_without_a_token(db: None, client: Client) -> None:
    page = client.get("/", headers={"accept": "text/html,*/*"}).content.decode()

    links = re.findall(r'<a href="([^"]+)"', page)
    answers = {
        link: client.get(link, headers={"accept": "text/html,*/*;q=0.8"}).status_code for link in links
    }
    assert {"/admin/sync/job/", "/admin/sync/failedrecord/", "/admin/sync/tracker/"} < set(links)
    assert set(answers.values()) <= {200, 302}, answers
    assert "<code>/api/v1/failed-records</code>" in page


def test_a_program_gets_json(client: Client) -> None:
    body = client.get("/", headers={"accept": "application/json"}).json()

    assert body["name"] == "Bridge"
    assert {"entity": "shop.gadgets", "label": "Shop gadgets", "url": "/api/v1/shop/gadgets"} in body[
        "entities"
    ]
    assert body["links"]["docs"] == "/docs"


def test_a_browser_that_is_lost_gets_a_sentence(client: Client) -> None:
    response = client.get("/nowhere", headers={"accept": "text/html"})

    assert response.status_code == 404
    assert b"There is nothing at this address" in response.content


def test_a_browser_finds_an_icon_beside_plain_text(client: Client) -> None:
    answer = client.get("/favicon.ico")

    assert answer.status_code == 302
    assert answer["Location"] == "/static/admin_ui/icon.svg"
