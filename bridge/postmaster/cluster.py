"""The files of the embedded server: made once by initdb, configured at each start."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path
from urllib.parse import quote

from bridge.postmaster import userns
from bridge.postmaster.owner import choose_initdb_way, give
from bridge.postmaster.process import read_pid_file
from bridge.postmaster.programs import MAJOR_VERSION, PostgresError, keeper_command, program, run_program
from bridge.postmaster.settings import render, settings

SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 100  # bytes; the kernel's limit is 107, that of macOS 103
INITDB_OPTIONS = (
    "--username=postgres",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--auth-local=trust",  # the socket lies in a folder that only its owner enters
    "--auth-host=reject",
    "--no-instructions",
)


def socket_folder(cluster: Path) -> Path:
    """Return the folder of the server's socket: that of the running one, else where the next will be.

    It is the data folder; where a socket's path may not be that long, or has a comma (libpq would read two
    hosts), a private folder under the temporary one. It is the same at each start, because processes that
    outlive a restart of the server keep its URL.
    """
    lines = read_pid_file(cluster)
    if len(lines) > 4 and lines[4]:
        return Path(lines[4])
    if "," not in str(cluster) and len(os.fsencode(cluster / SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
        return cluster
    name = f"bridge-{os.geteuid()}-{hashlib.sha256(os.fsencode(cluster)).hexdigest()[:12]}"
    return Path(tempfile.gettempdir()) / name


def socket_url(folder: Path) -> str:
    """Return the libpq URL of the server whose socket lies in `folder`."""
    return f"postgresql://postgres@/postgres?host={quote(str(folder), safe='')}&port=5432"


def prepare_socket_folder(folder: Path, cluster: Path) -> None:
    """Make the socket's folder where it is not the data folder; refuse one that others could enter."""
    if folder == cluster:
        return
    owner = cluster.stat().st_uid
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.lstat().st_uid == os.geteuid() != owner:
        os.chown(folder, owner, owner)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != owner or found.st_mode & 0o077:
        sentence = (
            f"{folder} is not a private folder of ours: remove it, or choose a shorter BRIDGE_DATA_DIR."
        )
        raise PostgresError("postgres_socket_folder", sentence)


def remove_socket_folder(cluster: Path) -> None:
    """Remove the socket's folder of a server that has ended, where it is not the data folder."""
    folder = socket_folder(cluster)
    if folder != cluster and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def create(cluster: Path, way: str, lock: int, *, durable: bool) -> None:
    """Run initdb for a new cluster, and give it its name only when complete.

    The child inherits `lock`, so that a starter killed meanwhile lets nobody in before initdb has ended.
    """
    draft = cluster.with_name(f"{cluster.name}.new")
    if draft.exists():
        shutil.rmtree(draft)
    draft.mkdir(mode=0o700)
    initdb_way = choose_initdb_way(way)
    if (uid := userns.owner_of(initdb_way)) is not None:
        give(draft, uid)
    options = INITDB_OPTIONS if durable else (*INITDB_OPTIONS, "--no-sync")
    command = keeper_command("run", initdb_way, draft, program("initdb"), "-D", draft, *options)
    made = run_program(command, pass_fds=(lock,))
    if made.returncode != 0:
        words = (made.stderr.strip() or made.stdout.strip() or "no words").splitlines()[-1]
        sentence = f"PostgreSQL could not make its files in {cluster} ({words}): mend that and start again, "
        sentence += "or set DATABASE_URL to a PostgreSQL of yours."
        raise PostgresError("postgres_init_failed", sentence)
    with (draft / "postgresql.conf").open("a") as file:
        file.write("\ninclude = 'bridge.conf'\n")
    if (owner := userns.owner_of(way)) is not None:
        give(draft, owner)
    draft.rename(cluster)


def configure(cluster: Path, *, durable: bool) -> None:
    """Write bridge.conf for this machine; refuse a cluster of another major version."""
    version = (cluster / "PG_VERSION").read_text().strip()
    if version != str(MAJOR_VERSION):
        sentence = f"{cluster} was made by PostgreSQL {version}, and {MAJOR_VERSION} is installed: "
        raise PostgresError("postgres_other_version", sentence + "choose another BRIDGE_DATA_DIR.")
    draft = cluster / "bridge.conf.new"
    draft.write_text(render(settings(cluster, durable=durable)))
    draft.chmod(0o600)
    if draft.stat().st_uid != (owner := cluster.stat().st_uid):
        give(draft, owner)
    draft.rename(cluster / "bridge.conf")


def last_words(start_log: Path, cluster: Path) -> str:
    """Return why the server ended, in its own words; an empty text where it left none."""
    newest = sorted((cluster / "log").glob("*.log"))[-1:]
    for path in (start_log, *newest):
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        for line in reversed(lines):
            found = re.search(r"(?:FATAL|PANIC):\s+(.*)", line)
            if found and not found[1].startswith("the database system is "):  # an answer to our own asking
                return found[1]
    return ""
