"""The embedded server as root and as a normal user, and where a container forbids root's usual way."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from sysconfig import get_path

import pytest

from bridge.postgres import join_or_start
from bridge.postmaster import userns
from bridge.postmaster.owner import choose_initdb_way, choose_way
from bridge.postmaster.programs import program

ROOT = Path(__file__).resolve().parents[2]
SOMEBODY = 65534
# Starts it twice (new files, then old ones), says who owns the data.
TWICE = """
import sys
from pathlib import Path
from bridge.postgres import join_or_start
for _ in range(2):
    with join_or_start(Path(sys.argv[1])) as server:
        assert server.alive()
print(server.cluster.stat().st_uid)
"""
# A root with all ids mapped, which may make no user namespace: what a container's default profile comes to.
REFUSED = """
import ctypes, os, sys
go, ready = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    assert ctypes.CDLL(None).unshare(0x10000000) == 0
    os.write(ready[1], b"x")
    os.read(go[0], 1)
    os.setuid(0)
    with open("/proc/sys/user/max_user_namespaces", "w") as limit:
        limit.write("0")
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
os.read(ready[0], 1)
for kind in ("uid_map", "gid_map"):
    with open(f"/proc/{child}/{kind}", "w") as map:
        map.write("0 0 65536")
os.write(go[1], b"x")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""

as_root = pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="needs root on Linux")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may pass through, which pytest's own is not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def run(*arguments: str | Path) -> str:
    return finish(sys.executable, *arguments)


def finish(python: str, *arguments: str | Path, user: int | None = None) -> str:
    ran = subprocess.run(
        [python, *map(str, arguments)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join([str(ROOT), get_path("platlib")])},
        user=user,
        group=user,
        extra_groups=[] if user is not None else None,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def python_of_somebody() -> str:
    """A Python that another user may run: ours may lie in root's closed home, the system's doesn't."""
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        try:
            finish(python, "-c", "import psycopg, bridge.postgres", user=SOMEBODY)
        except (OSError, AssertionError):
            continue
        return python
    pytest.skip("Python, its packages or this folder are closed to other users")


@as_root
def test_as_root_the_files_stay_root_s(tmp_path: Path) -> None:
    with join_or_start(tmp_path / "state") as server:
        assert server.cluster.stat().st_uid == 0


@as_root
@pytest.mark.parametrize("user", [SOMEBODY, 54321], ids=["named", "without a name"])
def test_as_a_normal_user_it_just_starts(open_folder: Path, user: int) -> None:
    python = python_of_somebody()
    home = open_folder / "home"
    home.mkdir(mode=0o700)
    os.chown(home, user, user)

    assert finish(python, "-c", TWICE, home / "state", user=user) == str(user)


@as_root
def test_root_runs_a_normal_user_s_server_as_that_user(open_folder: Path) -> None:
    home = open_folder / "home"
    (home / "state").mkdir(parents=True, mode=0o700)
    for path in (home, home / "state"):
        path.chmod(0o700)
        os.chown(path, SOMEBODY, SOMEBODY)

    assert run("-c", TWICE, home / "state") == str(SOMEBODY)

    owners = {path.stat().st_uid for path in (home / "state").rglob("*")}
    assert owners == {SOMEBODY}


@as_root
def test_where_namespaces_are_refused_root_steps_down_to_a_fixed_id(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)

    assert run("-c", REFUSED, "-c", TWICE, tmp_path / "state") == str(userns.FIXED_UID)

    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    assert tmp_path.stat().st_uid == 0


@as_root
def test_root_s_files_go_along_to_a_container_that_refuses_namespaces(tmp_path: Path) -> None:
    with join_or_start(tmp_path / "state") as server:
        assert server.cluster.stat().st_uid == 0

    assert run("-c", REFUSED, "-c", TWICE, tmp_path / "state") == str(userns.FIXED_UID)


@as_root
def test_a_folder_closed_to_root_without_its_powers_is_passed_not_opened(open_folder: Path) -> None:
    home = open_folder / "home"
    home.mkdir(mode=0o700)
    os.chown(home, SOMEBODY, SOMEBODY)

    with join_or_start(home / "state") as server:
        assert server.cluster.stat().st_uid == userns.FIXED_UID

    assert stat.S_IMODE(home.stat().st_mode) == 0o700


@as_root
def test_an_id_without_a_name_borrows_one_for_initdb(tmp_path: Path) -> None:
    assert choose_way(tmp_path / "postgres", program("postgres")) == userns.NAMESPACE
    assert choose_initdb_way(userns.NAMESPACE) == userns.NAMESPACE
    assert choose_initdb_way("uid:54321") == f"uid:{userns.named_uid()}"
