"""A source that loses pages midway deletes nothing; rows that are truly lost wait for a person, and can come back."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.acceptance.running import Running, eventually

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
]  # the short forms are in tests/systems and tests/integration
LINES = 2_155
LOST = 647  # 30 % of them
ENTITY = "apismith.order_lines"
ADMIN = "sync/deleteproposal"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """All lines are here and at ScheduleHub; pages are small, so that half of a read is many of them."""
    folder = tmp_path_factory.mktemp("lost")
    running = Running(folder, "--no-sync", DEFAULT_BATCH_SIZE="200", BRIDGE_BATCH_ROWS="400")
    try:
        running.greeted()
        for entity in ("customers", "items", "orders", "order_lines"):
            running.bridge("sync", f"apismith.{entity}")
        eventually(lambda: control(running, "schedulehub")["rows"]["order_lines"] == LINES, running)
        yield running
    finally:
        running.wreck()


@pytest.fixture(autouse=True)
def good_again(up: Running) -> Iterator[None]:
    yield
    control(up, "apismith/mood", mood="ok")


def control(running: Running, path: str, **body: Any) -> Any:
    found = re.search(r"http://127\.0\.0\.1:\d+/_control", running.greeted())
    assert found
    data = json.dumps(body).encode() if body else None
    with urllib.request.urlopen(urllib.request.Request(f"{found[0]}/{path}", data=data)) as answer:
        return json.load(answer)


def full_read(running: Running) -> dict[str, Any]:
    """A full read and the deletes it asks for; the read with its log."""
    number = json.loads(running.bridge("sync", ENTITY, "--full", "--wait", "--json"))["id"]
    eventually(lambda: not running.get("/api/v1/jobs?kind=deletes&status=pending")[1]["items"], running)
    eventually(lambda: not running.get("/api/v1/jobs?kind=deletes&status=processing")[1]["items"], running)
    return dict(running.get(f"/api/v1/jobs/{number}")[1])


def proposals(running: Running, state: str) -> list[dict[str, Any]]:
    return list(running.get(f"/api/v1/delete-proposals?state={state}")[1]["items"])


def live(running: Running) -> int:
    return int(running.entities()[ENTITY]["records"])


def log_in(running: Running) -> requests.Session:
    """A session of the admin, as its login form makes one."""
    session = requests.Session()
    address = f"http://127.0.0.1:{running.port}/admin/login/"
    password = (running.data_dir / "secrets" / "admin_password").read_text().strip()
    session.get(address, timeout=30)
    form = {"username": "admin", "password": password, "csrfmiddlewaretoken": session.cookies["csrftoken"]}
    answer = session.post(address, data={**form, "next": "/admin/"}, timeout=30)
    assert answer.ok
    assert "Log out" in answer.text
    return session


def press(running: Running, session: requests.Session, proposal: str, act: str) -> None:
    """The button of a proposal's page, its form filled in."""
    address = f"http://127.0.0.1:{running.port}/admin/{ADMIN}/{proposal}/{act}/"
    shown = session.get(f"http://127.0.0.1:{running.port}/admin/{ADMIN}/{proposal}/change/", timeout=30).text
    assert f"/{proposal}/{act}/" in shown
    form = {"_form_submitted": "True", "remark": "The ERP says so."}
    form["csrfmiddlewaretoken"] = session.cookies["csrftoken"]
    assert session.post(address, data=form, timeout=30).ok


@pytest.mark.parametrize(
    ("mood", "why"),
    [
        (
            {"mood": "shrunk", "after": 5},
            "The far end said that it has 2,155 rows, and while it was read 1,077.",
        ),
        ({"mood": "halved"}, "The far end says that it has 2,155 rows, and 2,0"),
        ({"mood": "cut", "after": 5, "times": 1}, ""),
        ({"mood": "repeated", "after": 4, "times": 2}, ""),
    ],
)
def test_pages_lost_midway_delete_nothing(up: Running, mood: dict[str, Any], why: str) -> None:
    control(up, "apismith/mood", entity="order_lines", **mood)

    read = full_read(up)

    told = [event["words"] for event in read["events"] if event["name"] == "deletes_unproven"]
    assert len(told) == bool(why)
    assert why in "".join(told)
    assert live(up) == LINES
    assert not proposals(up, "proposed")
    assert control(up, "schedulehub")["rows"]["order_lines"] == LINES


def test_rows_truly_lost_are_proposed_approved_and_brought_back(up: Running) -> None:
    control(up, "apismith/mood", entity="order_lines", mood="shrunk", share=0.3)
    full_read(up)
    (proposal,) = proposals(up, "proposed")
    assert (proposal["count"], live(up)) == (LOST, LINES)

    admin = log_in(up)
    press(up, admin, proposal["id"], "approve")
    eventually(lambda: proposals(up, "applied"), up)
    gone = proposal["sample"][0]
    assert live(up) == LINES - LOST
    assert up.get(f"/api/v1/order_lines/{gone}")[0] == 410

    press(up, admin, proposal["id"], "undo")
    eventually(lambda: proposals(up, "undone") and live(up) == LINES, up)
    assert up.get(f"/api/v1/order_lines/{gone}")[0] == 200
    assert control(up, "schedulehub")["rows"]["order_lines"] == LINES

    control(up, "apismith/mood", mood="ok")
    read = full_read(up)
    assert (read["result"]["skipped"], live(up), proposals(up, "proposed")) == (LINES, LINES, [])
