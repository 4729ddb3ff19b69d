"""An external PostgreSQL 15, named by DATABASE_URL: `bridge up` does the same on it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.running import Running, bridge, clean_environment, eventually, free_port

pytestmark = pytest.mark.slow
PROGRAMS = Path("/usr/lib/postgresql/15/bin")
WANTED = {
    "netsuite.customers": 19_820,
    "netsuite.products": 504,
    "apismith.customers": 91,
    "apismith.items": 77,
    "apismith.orders": 830,
    "apismith.order_lines": 2_155,
}


@pytest.fixture
def postgres_15(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not (PROGRAMS / "postgres").exists():
        pytest.skip("PostgreSQL 15 is not installed (.ci/run installs it)")
    folder = tmp_path_factory.mktemp("pg15")
    port = free_port()
    cluster = folder / "cluster"
    run(
        "initdb",
        "-D",
        cluster,
        "-U",
        "postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        folder=folder,
    )
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
    run("pg_ctl", "-D", cluster, "-w", "-l", folder / "log", "-o", options, "start", folder=folder)
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-D", cluster, "-m", "immediate", "stop", folder=folder)


def run(program: str, *arguments: str | Path, folder: Path) -> None:
    """Run a program of PostgreSQL; as root by its own user, since it refuses root."""
    user = None
    if os.getuid() == 0:
        user = pwd.getpwnam("postgres")
        for path in (folder, *folder.parents[:3]):
            if path.stat().st_uid == 0 and str(path).startswith("/tmp/pytest"):  # pytest's own folders
                path.chmod(0o755)
        shutil.chown(folder, user.pw_uid, user.pw_gid)
    subprocess.run(
        [PROGRAMS / program, *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        cwd="/",
    )


def test_it_does_the_same_on_an_external_server(postgres_15: str, tmp_path: Path) -> None:
    running = Running(tmp_path, DATABASE_URL=postgres_15)
    try:
        running.greeted()
        eventually(lambda: {path: e["records"] for path, e in running.entities().items()} == WANTED, running)
        eventually(lambda: all(entity["pending"] == 0 for entity in running.entities().values()), running)
        status, page = running.get("/api/v1/customers?limit=5")
        assert (status, len(page["items"])) == (200, 5)
        assert not (running.data_dir / "postgres").exists()
        assert running.stop() == 0
    finally:
        running.wreck()


def test_one_that_is_not_there_gives_one_sentence(tmp_path: Path) -> None:
    environment = clean_environment() | {
        "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{free_port()}/postgres"
    }

    done = bridge(tmp_path, "status", environment=environment)

    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr
