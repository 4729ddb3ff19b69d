"""Who sits at the shell, for the audit."""

from __future__ import annotations

import getpass
import os

from sync.audit import Actor


def actor() -> Actor:
    """The user of the operating system; its number where it has no name."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no entry in /etc/passwd
        name = f"uid {os.getuid()}"
    return Actor(name=name, door="shell")
