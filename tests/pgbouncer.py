"""A PgBouncer before a PostgreSQL on TCP: from Debian's package, which .ci/run installs."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests.acceptance.running import free_port

CONFIGURATION = """
[databases]
* = host={host} port={database_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = {mode}
default_pool_size = {size}
ignore_startup_parameters = {ignored}
logfile = {folder}/log
"""


@contextmanager
def pgbouncer(
    folder: Path, url: str, *, mode: str = "transaction", ignored: str = "extra_float_digits", size: int = 4
) -> Iterator[str]:
    """One in this folder, before the PostgreSQL of the URL; gives its own URL."""
    given, port = conninfo_to_dict(url), free_port()
    folder.mkdir(exist_ok=True)
    (folder / "users").write_text('"postgres" ""\n')
    values = {"host": given["host"], "database_port": given["port"], "port": port, "folder": folder}
    text = CONFIGURATION.format(**values, mode=mode, size=size, ignored=ignored)
    (folder / "ini").write_text(text)
    command = ["pgbouncer", "-q", str(folder / "ini")]
    if os.getuid() == 0:  # it refuses root
        shutil.chown(folder, "postgres")
        command[1:1] = ["-u", "postgres"]
    process = subprocess.Popen(command)
    found = f"postgresql://postgres@127.0.0.1:{port}/{given['dbname']}"
    try:
        _wait(found)
        yield found
    finally:
        process.terminate()
        process.wait()


def _wait(url: str) -> None:
    for _ in range(200):
        try:
            psycopg.connect(url, autocommit=True).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("PgBouncer does not answer")
