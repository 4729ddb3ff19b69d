"""Who runs PostgreSQL's programs: they refuse root, so root steps down in the child, just before the exec.

Without touching folders that aren't ours and without creating an operating-system user:
- PLAIN: a normal user runs them as itself.
- NAMESPACE (root): a user namespace in which root's own id reads as an ordinary one. Files stay root's.
- `uid:N` (root): where unshare is refused (Docker's default profile) or a folder on the way is closed to
  a root without capabilities (another user's home), and where the data already belongs to user N.

Standard library only: the keeper imports this without site-packages.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import sys
from pathlib import Path

PLAIN = "plain"
NAMESPACE = "namespace"
FIXED_UID = 5432

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG, _PR_SET_KEEPCAPS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
_CAP_VERSION_3 = 0x20080522
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH, _CAP_SETPCAP = 1, 2, 8
_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP = 28, 1 << 2


def owner_of(way: str) -> int | None:
    """Return the user id that must own the data, or None where it is that of this process."""
    return int(way.removeprefix("uid:")) if way.startswith("uid:") else None


def named_uid() -> int:
    """Return the id of some account but root: initdb refuses an id that has no name."""
    return min((account.pw_uid for account in pwd.getpwall() if account.pw_uid), default=1000)


def step_down(way: str, folder: Path, program: Path) -> None:
    """Give up root in this process; raise OSError where the way is closed.

    Afterwards `folder` is the working directory and `program` can be reached. For a child that is about to
    exec: the threads of a larger process must not be around.
    """
    if way == NAMESPACE:
        _enter_namespace()
    elif (uid := owner_of(way)) is not None:
        _become(uid, folder, program)
    os.chdir(folder)


def end_with_parent(signal_number: int, parent: int) -> None:
    """Ask the kernel for a signal when the parent's thread ends; after `step_down`, which would clear it.

    Linux only; elsewhere nothing happens. The request is tied to the THREAD that forked, so only a process
    that forks from its main thread may rely on it.
    """
    if sys.platform != "linux":
        return
    _call("prctl", _PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:  # it died before the request: nobody would send the signal any more
        os._exit(1)


def _enter_namespace() -> None:
    uid, gid, inner = os.geteuid(), os.getegid(), named_uid()
    _call("unshare", _CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")  # the kernel wants this before an unprivileged gid_map
    Path("/proc/self/uid_map").write_text(f"{inner} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{inner} {gid} 1")


def _become(uid: int, folder: Path, program: Path) -> None:
    _call("prctl", _PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    if not (os.access(folder, os.X_OK) and os.access(program, os.X_OK)):
        _keep_passage()


def _keep_passage() -> None:
    """Keep one capability over the exec: to pass folders that are closed to the new user.

    The alternative would be opening those folders to everyone.
    """
    for capability in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
        try:
            _set_capabilities(1 << capability | 1 << _CAP_SETPCAP)
            # access(2), by which PostgreSQL looks for its own programs, leaves out capabilities without this.
            _call("prctl", _PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
            _set_capabilities(1 << capability)
            _call("prctl", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0)
        except PermissionError:  # a container may hold only the second of the two
            continue
        return


def _set_capabilities(mask: int) -> None:
    header = (ctypes.c_uint32 * 2)(_CAP_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    _call("capset", header, sets)


def _call(name: str, *arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
