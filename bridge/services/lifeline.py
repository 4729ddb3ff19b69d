"""Makes a service end with the process that started it, however that one died.

The supervisor keeps the writing end of a pipe and gives each service the reading end: when the supervisor is
gone, by `kill -9` too, the kernel closes its end and the service reads end-of-file. It then stops as on
SIGTERM, and after a while kills its own process group.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time

VARIABLE = "BRIDGE_LIFELINE"  # number of the pipe's descriptor; set by the supervisor for its services only
PATIENCE = 8.0  # seconds to stop in good order
_PR_SET_PDEATHSIG = 1


def hold_on() -> bool:
    """Watch the supervisor from now on; False when this process was not started by one."""
    number = os.environ.pop(VARIABLE, "")
    if not number.isdigit():
        return False
    pipe = int(number)
    os.set_inheritable(pipe, False)
    threading.Thread(target=_end_when_closed, args=(pipe,), name="lifeline", daemon=True).start()
    return True


def follow_parent() -> None:
    """End with the parent process: for the children that a server forks. Linux only, elsewhere they stay."""
    parent = multiprocessing.parent_process()
    if parent is None or sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent.pid:  # it died before the request: nobody would send the signal any more
        os._exit(1)


def _end_when_closed(pipe: int) -> None:
    os.read(pipe, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
