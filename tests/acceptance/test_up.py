"""`bridge up` in a folder of its own: everything is served, what dies comes back, nothing is left behind."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.running import Running, bridge, clean_environment, eventually, lines_of

pytestmark = pytest.mark.slow
RECORDS = {
    "netsuite.customers": 19_820,
    "netsuite.products": 504,
    "apismith.customers": 91,
    "apismith.items": 77,
    "apismith.orders": 830,
    "apismith.order_lines": 2_155,
}


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One that all tests of this file look at; each leaves it as it was."""
    running = Running(tmp_path_factory.mktemp("up"))
    try:
        complete(running)
        yield running
    finally:
        running.wreck()


def complete(running: Running) -> None:
    running.greeted()
    eventually(lambda: {path: e["records"] for path, e in running.entities().items()} == RECORDS, running)


def test_it_serves_every_record(up: Running) -> None:
    eventually(lambda: all(entity["pending"] == 0 for entity in up.entities().values()), up)

    status, page = up.get("/api/v1/customers?limit=5")

    assert (status, len(page["items"])) == (200, 5)
    assert all(item["data"]["name"] for item in page["items"])
    assert all(entity["failed"] == 0 and entity["last_sync_at"] for entity in up.entities().values())


def test_its_curl_line_works_when_pasted(up: Running) -> None:
    (line,) = [line.strip() for line in up.greeted().splitlines() if line.strip().startswith("curl ")]

    done = subprocess.run(["bash", "-c", f"{line} -sf"], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert '"items"' in done.stdout


def test_entities_have_exactly_the_promised_names(up: Running) -> None:
    names = {"entity", "system", "records", "pending", "failed", "last_sync_at"}

    assert all(set(entity) == names for entity in up.entities().values())


def test_it_keeps_the_admins_password_for_its_owner_only(up: Running) -> None:
    kept = up.data_dir / "secrets" / "admin_password"

    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert f"user admin, password {kept.read_text().strip()}" in up.greeted()


def test_it_logs_json_lines_of_all_services(up: Running) -> None:
    lines = lines_of(up.err)

    assert {"web", "worker", "sandbox"} <= {line["service"] for line in lines}
    assert all({"timestamp", "level", "message"} <= set(line) for line in lines)


def test_a_second_one_on_the_same_folder_is_refused(up: Running) -> None:
    done = bridge(up.folder, "up", "--port", "0")

    assert done.returncode == 2
    assert "already up" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        done = bridge(tmp_path, "up", "--port", str(port))

    assert done.returncode == 2
    assert f"Port {port}" in done.stderr
    assert not (tmp_path / ".bridge" / "postgres").exists()


def test_a_sync_that_is_waited_for_says_how_it_ended(up: Running) -> None:
    assert "skipped" in up.bridge("sync", "netsuite.products", "--full", "--wait")


def test_a_killed_worker_comes_back(up: Running) -> None:
    killed = up.pid_of("worker")

    os.kill(killed, signal.SIGKILL)

    eventually(lambda: any(up.pid_of("worker") != killed for _ in [0] if worker_is_there(up)), up)
    up.bridge("sync", "netsuite.products", "--wait")


def test_a_killed_web_server_comes_back(up: Running) -> None:
    os.kill(up.pid_of("web"), signal.SIGKILL)

    eventually(lambda: answers(up), up)


def test_a_killed_database_comes_back(up: Running) -> None:
    postmaster = int((up.data_dir / "postgres" / "postmaster.pid").read_text().split()[0])

    os.kill(postmaster, signal.SIGKILL)

    eventually(lambda: answers(up), up)
    up.bridge("sync", "netsuite.products", "--wait")


def test_sigterm_ends_it_all(tmp_path: Path) -> None:
    running = Running(tmp_path)
    try:
        complete(running)

        code = running.stop(signal.SIGTERM)

        assert code == 0
        assert running.processes() == {}
        assert not (running.data_dir / "postgres" / "postmaster.pid").exists()
    finally:
        running.wreck()


def test_ctrl_c_ends_it_while_it_starts(tmp_path: Path) -> None:
    running = Running(tmp_path)
    try:
        eventually(lambda: "Starting" in running.out.read_text(), running)

        running.stop(signal.SIGINT)

        assert running.processes() == {}
    finally:
        running.wreck()


def test_a_killed_supervisor_leaves_nothing_and_the_next_start_is_clean(tmp_path: Path) -> None:
    first = Running(tmp_path)
    try:
        complete(first)
        first.process.kill()
        first.process.wait()

        second = Running(tmp_path)
        try:
            complete(second)
            assert second.stop() == 0
        finally:
            second.wreck()
        assert first.processes() == {}
    finally:
        first.wreck()


def test_what_a_killed_supervisor_started_ends_by_itself(tmp_path: Path) -> None:
    running = Running(tmp_path, "--no-sync")
    try:
        running.greeted()

        running.process.kill()
        running.process.wait()

        eventually(lambda: not running.processes())
    finally:
        running.wreck()


def test_an_unreachable_database_is_one_sentence(tmp_path: Path) -> None:
    environment = clean_environment() | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}

    for verb in ("up", "status", "worker", "web", "migrate", "check"):
        done = bridge(tmp_path, verb, environment=environment)

        assert done.returncode == 2, (verb, done.stderr)
        assert "can't be used" in done.stderr
        assert "Traceback" not in done.stderr


def worker_is_there(up: Running) -> bool:
    return any("-m bridge worker" in line for line in up.processes().values())


def answers(up: Running) -> bool:
    try:
        status, _ = up.get("/api/v1/customers?limit=1")
    except OSError:
        return False
    return status == 200
