"""The sandbox's moods and control pages, and its start and stop."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from bridge.sandbox.server import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def control(sandbox: Sandbox, method: str, path: str, body: str = "") -> requests.Response:
    return requests.request(method, f"{sandbox.url}/_control/{path}", data=body, timeout=10)


def ask(sandbox: Sandbox, system: str = "netsuite") -> requests.Response:
    path = {"netsuite": "services/rest/query/v1/suiteql", "apismith": "api/v1/runtime/orders/execute"}[system]
    return requests.get(f"{sandbox.url}/{system}/{path}", timeout=10)


def test_a_mood_is_one_systems_own(sandbox: Sandbox) -> None:
    control(sandbox, "POST", "apismith/mood", '{"mood":"500"}')

    assert ask(sandbox, "apismith").json()["error"]["code"] == "ORA-00600"
    assert ask(sandbox, "netsuite").status_code == 401


def test_a_mood_can_be_one_entitys_own(sandbox: Sandbox) -> None:
    control(sandbox, "POST", "apismith/mood", '{"mood":500,"entity":"customers"}')

    assert ask(sandbox, "apismith").status_code == 401


def test_too_many_requests_says_when_to_come_back_if_told_so(sandbox: Sandbox) -> None:
    control(sandbox, "POST", "netsuite/mood", '{"mood":"429","retry_after":7}')
    with_header = ask(sandbox)
    control(sandbox, "POST", "netsuite/mood", '{"mood":429}')
    without = ask(sandbox)

    assert (with_header.status_code, with_header.headers["Retry-After"]) == (429, "7")
    assert "Retry-After" not in without.headers


def test_trouble_comes_in_the_vendors_words_and_wears_off(sandbox: Sandbox) -> None:
    control(sandbox, "POST", "netsuite/mood", '{"mood":"500","times":2}')

    answers = [ask(sandbox) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [500, 500, 401]
    assert answers[0].json()["o:errorDetails"][0]["o:errorCode"] == "UNEXPECTED_ERROR"


def test_down_hangs_up_without_a_word(sandbox: Sandbox) -> None:
    control(sandbox, "POST", "netsuite/mood", '{"mood":"down"}')

    with pytest.raises(requests.ConnectionError):
        ask(sandbox)

    assert control(sandbox, "GET", "netsuite").json()["requests"] == {"hung_up": 1}


def test_slow_holds_the_answer_back(sandbox: Sandbox) -> None:
    control(sandbox, "POST", "netsuite/mood", '{"mood":"slow","seconds":0.3}')

    ask(sandbox)

    (entry,) = control(sandbox, "GET", "netsuite/log").json()["requests"]
    assert entry["seconds"] >= 0.3


def test_a_client_that_went_away_does_not_keep_its_place(sandbox: Sandbox) -> None:
    control(sandbox, "POST", "netsuite/mood", '{"mood":"slow","seconds":60}')
    for _ in range(5):
        with socket.create_connection((sandbox.host, sandbox.port)) as client:
            client.sendall(b"GET /netsuite/ HTTP/1.1\r\nHost: x\r\n\r\n")

    deadline = time.monotonic() + 10
    while len(_log(sandbox)) < 5 and time.monotonic() < deadline:
        time.sleep(0.05)

    assert len(_log(sandbox)) == 5


def test_stopping_ends_a_slow_answer(sandbox: Sandbox) -> None:
    control(sandbox, "POST", "netsuite/mood", '{"mood":"slow","seconds":60}')

    with socket.create_connection((sandbox.host, sandbox.port)) as client:
        client.sendall(b"GET /netsuite/ HTTP/1.1\r\nHost: x\r\n\r\n")
        # The fixture's end stops the sandbox; a thread left waiting would hold it for a minute.


def test_the_log_says_what_was_asked_since_a_moment(sandbox: Sandbox) -> None:
    ask(sandbox, "apismith")
    between = time.time()
    requests.get(f"{sandbox.url}/apismith/api/v1/runtime/orders/execute?limit=5", timeout=10)

    (entry,) = _log(sandbox, "apismith", since=between)

    assert (entry["method"], entry["query"], entry["status"]) == ("GET", {"limit": "5"}, 401)
    assert (entry["entity"], entry["path"]) == ("orders", "/api/v1/runtime/orders/execute")
    assert entry["at"] >= between


def test_reset_brings_everything_back(sandbox: Sandbox) -> None:
    before = control(sandbox, "GET", "").json()
    control(sandbox, "DELETE", "netsuite/items/1")
    control(sandbox, "POST", "netsuite/mood", '{"mood":"500"}')
    ask(sandbox)

    control(sandbox, "POST", "reset")

    assert control(sandbox, "GET", "").json() == before
    assert before["netsuite"]["rows"] == {"customer": 19_820, "item": 504}


def test_a_change_counts_up_and_keeps_the_characters(sandbox: Sandbox) -> None:
    before = control(sandbox, "GET", "apismith/orders/10248").json()

    after = control(sandbox, "PATCH", "apismith/orders/10248", '{"FREIGHT": 32.380 }')

    assert '"FREIGHT":32.380,' in after.text
    assert after.json()["version"] == 831
    assert after.json()["modified"] > before["modified"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "netsuite/mood", '{"mood":"sad"}', 400),
        ("POST", "netsuite/mood", '{"mood":"slow","for":3}', 400),
        ("POST", "netsuite/mood", '{"mood":"slow","entity":"nobody"}', 404),
        ("POST", "netsuite/mood", "{", 400),
        ("POST", "oracle/mood", '{"mood":"ok"}', 404),
        ("PATCH", "netsuite/customers/11000", '{"id":"7"}', 400),
        ("PATCH", "netsuite/customers/11000", "[1]", 400),
        ("PATCH", "netsuite/customers/0", "{}", 404),
        ("PATCH", "apismith/order_lines/10248", "{}", 404),
        ("POST", "netsuite/customers", '{"id":"1"}', 409),
        ("POST", "netsuite/customers", '{"entityid":"1"}', 400),
        ("DELETE", "netsuite/customers/x", "", 404),
        ("GET", "netsuite/log?since=x", "", 400),
        ("PUT", "netsuite", "", 404),
    ],
)
def test_it_says_what_is_wrong(sandbox: Sandbox, method: str, path: str, body: str, status: int) -> None:
    answer = control(sandbox, method, path, body)

    assert answer.status_code == status
    assert answer.json()["error"]


def test_two_far_ends_start_from_the_same_rows(sandbox: Sandbox) -> None:
    with Sandbox() as other:
        urls = [f"{url}/_control/netsuite/products/999" for url in (sandbox.url, other.url)]
        first, second = (requests.get(url, timeout=10).text for url in urls)

    assert first == second


def test_the_program_says_where_it_listens_and_stops_when_told() -> None:
    command = [sys.executable, "-m", "bridge.sandbox", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        url = said.split()[1].removesuffix("/netsuite")
        answered = requests.get(url, timeout=10).json()
        os.kill(process.pid, signal.SIGTERM)
        code = process.wait(10)

    assert answered["control"] == "/_control"
    assert code == 0


def test_a_taken_port_is_told_in_one_sentence(sandbox: Sandbox) -> None:
    command = [sys.executable, "-m", "bridge.sandbox", "--port", str(sandbox.port)]

    run = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)

    assert run.returncode == 2
    assert run.stderr.startswith(f"cannot listen on 127.0.0.1:{sandbox.port}")
    assert run.stderr.count("\n") == 1


def _log(sandbox: Sandbox, system: str = "netsuite", since: float = 0) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = control(sandbox, "GET", f"{system}/log?since={since}").json()["requests"]
    return entries
