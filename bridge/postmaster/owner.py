"""The account under which the embedded server runs and owns its files; see `bridge.userns` for the ways."""

from __future__ import annotations

import os
import pwd
import sys
from pathlib import Path

from bridge.postmaster import userns
from bridge.postmaster.programs import keeper_command, run_program


def choose_way(cluster: Path, program: Path) -> str:
    """Return the way to run `program` on the data in `cluster`, which may not exist yet."""
    if os.geteuid() != 0 or sys.platform != "linux":
        return userns.PLAIN
    owner = (cluster if cluster.exists() else cluster.parent).stat().st_uid
    if owner != 0:  # a normal user's folder (this is sudo), or an earlier start stepped down to an id
        return f"uid:{owner}"
    return userns.NAMESPACE if _works(userns.NAMESPACE, cluster, program) else f"uid:{userns.FIXED_UID}"


def choose_initdb_way(way: str) -> str:
    """Return how to run initdb, which needs an id that has a name, before a server that runs by `way`."""
    uid = userns.owner_of(way)
    if uid is None and way == userns.PLAIN:
        uid = os.geteuid()
    if uid is None or _has_name(uid):
        return way
    return userns.NAMESPACE if way == userns.PLAIN else f"uid:{userns.named_uid()}"


def give(path: Path, owner: int) -> None:
    """Make `owner` the owner of `path` and all below it; only ever called on the server's own files."""
    os.chown(path, owner, owner, follow_symlinks=False)
    if path.is_dir() and not path.is_symlink():
        for entry in path.iterdir():
            give(entry, owner)


def own(path: Path, like: Path) -> None:
    """Let a file that root has made belong to the owner of `like`, who may start the server next time."""
    if os.geteuid() == 0 and path.stat().st_uid != (owner := like.stat().st_uid):
        os.chown(path, owner, -1)


def _works(way: str, cluster: Path, program: Path) -> bool:
    """Try the way: a refused unshare and a closed folder are both seen only by trying."""
    folder = cluster if cluster.exists() else cluster.parent
    command = keeper_command("run", way, folder, program, "--version")
    return run_program(command).returncode == 0


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
