"""A PostgreSQL 15 on TCP, as an external server is: from Debian's package, which .ci/run installs."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.acceptance.running import free_port

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
INSTALLED = (PROGRAMS / "postgres").exists()


@contextmanager
def postgres_15(folder: Path, address: str = "127.0.0.1") -> Iterator[str]:
    """One in this folder that listens on this address and trusts its network; gives the URL."""
    port, cluster = free_port(), folder / "cluster"
    made = ("-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
    _run("initdb", "-D", cluster, *made, folder=folder)
    with (cluster / "pg_hba.conf").open("a") as rules:
        rules.write("host all all samenet trust\n")
    options = f"-p {port} -k {folder} -c listen_addresses={address}"
    _run("pg_ctl", "-D", cluster, "-w", "-l", folder / "log", "-o", options, "start", folder=folder)
    try:
        yield f"postgresql://postgres@{address}:{port}/postgres"
    finally:
        _run("pg_ctl", "-D", cluster, "-m", "immediate", "stop", folder=folder)


def _run(program: str, *arguments: str | Path, folder: Path) -> None:
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
