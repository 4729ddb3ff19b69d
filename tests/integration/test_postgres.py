"""The embedded server, with real processes that are really killed. Each test has a server of its own."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from bridge.postgres import Postgres, PostgresError, join_or_start, throwaway, url_of

ROOT = Path(__file__).resolve().parents[2]
# Joins, says its server's pid, and stays until its input ends.
USER = """
import sys
from pathlib import Path
from bridge.postgres import join_or_start
with join_or_start(Path(sys.argv[1])) as server:
    print(server.pid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def server(data_dir: Path) -> Iterator[Postgres]:
    server = Postgres(data_dir)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def user() -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    """Another process that uses the server of a data directory."""
    started: list[subprocess.Popen[str]] = []

    def start(data_dir: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", USER, str(data_dir)]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True))
        return started[-1]

    yield start
    for process in started:
        process.communicate()


def said_pid(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def rows(url: str) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert found is not None
    return int(found[0])


def write_rows(url: str, count: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, %s)", [count])


def setting(url: str, name: str) -> str:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert found is not None
    return str(found[0])


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in 20 s"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """Whether the process has ended, reaped or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_starts_stops_and_keeps_the_rows(data_dir: Path) -> None:
    server = Postgres(data_dir)
    server.start()
    write_rows(server.url, 3)
    pid = server.pid

    server.stop()

    assert pid is not None
    assert gone(pid)
    assert not server.alive()
    assert server.poll() is not None
    with join_or_start(data_dir) as again:
        assert rows(again.url) == 3


def test_it_is_version_18_durable_and_reached_by_its_owner_only(server: Postgres) -> None:
    assert setting(server.url, "server_version").startswith("18.")
    assert setting(server.url, "fsync") == setting(server.url, "synchronous_commit") == "on"
    assert setting(server.url, "data_checksums") == "on"
    assert setting(server.url, "listen_addresses") == ""
    assert mode(server.cluster) == 0o700
    # Beside the tables, or in a folder of its own where that path would be too long for a socket's name.
    socket = Path(setting(server.url, "unix_socket_directories")) / ".s.PGSQL.5432"
    assert mode(socket) == 0o700


def test_the_url_is_known_before_the_start_and_stays(data_dir: Path) -> None:
    before = url_of(data_dir)
    assert not data_dir.exists()

    with join_or_start(data_dir) as server:
        assert server.url == before == url_of(data_dir)


def test_what_the_operator_sets_wins_over_our_settings(server: Postgres) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET work_mem = '7MB'")

    server.stop()
    server.start()

    assert setting(server.url, "work_mem") == "7MB"


def test_another_process_joins_and_its_end_leaves_the_server(
    server: Postgres, user: Callable[[Path], subprocess.Popen[str]]
) -> None:
    other = user(server.data_dir)

    assert said_pid(other) == server.pid
    other.communicate()

    assert other.returncode == 0
    assert server.alive()
    assert server.poll() is None


def test_the_one_that_started_it_leaves_it_to_the_others(
    data_dir: Path, user: Callable[[Path], subprocess.Popen[str]]
) -> None:
    starter = user(data_dir)
    pid = said_pid(starter)
    joined = join_or_start(data_dir)

    starter.communicate()

    assert starter.returncode == 0
    assert joined.alive()
    assert joined.poll() is None
    joined.leave()
    assert gone(pid)


def test_three_at_the_same_moment_start_one(
    data_dir: Path, user: Callable[[Path], subprocess.Popen[str]]
) -> None:
    users = [user(data_dir) for _ in range(3)]

    first, *others = (said_pid(process) for process in users)

    assert others == [first, first]
    for process in users:
        process.communicate()
    wait_until(lambda: gone(first))


def test_a_killed_postmaster_is_recovered_with_no_row_lost(server: Postgres) -> None:
    write_rows(server.url, 1000)
    url, pid = server.url, server.pid
    assert pid is not None
    busy = psycopg.connect(url, autocommit=True)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: server.poll() is not None)

    server.start()

    busy.close()
    assert server.pid != pid
    assert server.url == url
    assert server.poll() is None
    assert rows(url) == 1000


def test_a_busy_backend_of_a_killed_postmaster_does_not_stop_the_next(server: Postgres) -> None:
    write_rows(server.url, 10)
    pid = server.pid
    assert pid is not None
    busy = psycopg.connect(server.url, autocommit=True)
    busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 20000000000)")
    os.kill(pid, signal.SIGKILL)

    server.start()

    busy.close()
    assert rows(server.url) == 10


def test_when_its_owner_is_killed_it_ends_by_itself_and_the_next_start_works(
    data_dir: Path, user: Callable[[Path], subprocess.Popen[str]]
) -> None:
    owner = user(data_dir)
    pid = said_pid(owner)
    write_rows(url_of(data_dir), 50)

    owner.kill()

    wait_until(lambda: gone(pid))
    with join_or_start(data_dir) as server:
        assert rows(server.url) == 50


def test_a_start_right_after_the_owner_was_killed_works(
    data_dir: Path, user: Callable[[Path], subprocess.Popen[str]]
) -> None:
    owner = user(data_dir)
    said_pid(owner)
    owner.kill()

    with join_or_start(data_dir) as server:
        wait_until(server.alive)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_when_its_keeper_is_killed_it_ends_and_starts_again(server: Postgres) -> None:
    pid = server.pid
    assert pid is not None
    assert server._keeper is not None
    write_rows(server.url, 5)
    server._keeper.kill()
    wait_until(lambda: server.poll() is not None and gone(pid))

    server.start()

    assert rows(server.url) == 5


def test_a_pid_file_that_names_somebody_else_does_not_stop_the_start(data_dir: Path) -> None:
    with join_or_start(data_dir) as server:
        lines = (server.cluster / "postmaster.pid").read_text().splitlines()
    (server.cluster / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    with join_or_start(data_dir) as again:
        assert again.pid != os.getpid()
        assert again.alive()


def test_a_half_made_cluster_is_made_anew(data_dir: Path) -> None:
    (data_dir / "postgres.new").mkdir(parents=True)
    (data_dir / "postgres.new" / "PG_VERSION").write_text("18\n")

    with join_or_start(data_dir) as server:
        assert server.alive()

    assert not (data_dir / "postgres.new").exists()


@pytest.mark.parametrize("name", ["a" * 120, "two words, 100% 'odd'"])
def test_a_path_that_no_socket_may_have_gets_a_private_folder(tmp_path: Path, name: str) -> None:
    with join_or_start(tmp_path / name) as server:
        write_rows(server.url, 1)
        with psycopg.connect(server.url) as connection:
            socket = Path(connection.info.host)
        assert socket != server.cluster
        assert mode(socket) == 0o700

    assert not socket.exists()


def test_no_folder_on_the_way_changes_its_mode(tmp_path: Path) -> None:
    private, group = tmp_path / "private", tmp_path / "private" / "group"
    group.mkdir(parents=True)
    private.chmod(0o700)
    group.chmod(0o750)
    way = [*reversed(group.parents), group]
    before = [(path, mode(path), path.stat().st_uid) for path in way]

    with join_or_start(group / "state") as server:
        assert server.alive()

    assert [(path, mode(path), path.stat().st_uid) for path in way] == before


def test_files_of_another_version_are_refused_with_a_sentence(data_dir: Path) -> None:
    (data_dir / "postgres").mkdir(parents=True, mode=0o700)
    (data_dir / "postgres" / "PG_VERSION").write_text("17\n")

    with pytest.raises(PostgresError, match="was made by PostgreSQL 17, and 18 is installed") as refused:
        join_or_start(data_dir)

    assert refused.value.code == "postgres_other_version"


def test_a_data_directory_that_is_a_file_is_refused_with_a_sentence(data_dir: Path) -> None:
    data_dir.write_text("")

    with pytest.raises(PostgresError, match="set BRIDGE_DATA_DIR to a folder of yours") as refused:
        join_or_start(data_dir)

    assert refused.value.code == "postgres_data_dir"


def test_a_server_that_refuses_to_start_is_quoted(data_dir: Path) -> None:
    with join_or_start(data_dir) as server:
        pass
    (server.cluster / "postgresql.auto.conf").write_text("shared_buffers = 'plenty'\n")

    with pytest.raises(
        PostgresError, match=r"did not start \(configuration file .* contains errors\)"
    ) as refused:
        join_or_start(data_dir)

    assert refused.value.code == "postgres_start_failed"


def test_a_throwaway_server_is_fast_and_leaves_nothing_running(data_dir: Path) -> None:
    with throwaway(data_dir) as url:
        write_rows(url, 2)
        assert rows(url) == 2
        assert setting(url, "fsync") == "off"

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
