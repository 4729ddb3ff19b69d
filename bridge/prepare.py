"""What a command needs before it runs: a database, Django, tables."""

from __future__ import annotations

import enum
import os
from contextlib import ExitStack
from pathlib import Path

from bridge import env
from bridge.errors import StartError

SUPERVISED = (
    "BRIDGE_SUPERVISED"  # set by `bridge up`, which has seen to everything before it starts a service
)


class Needs(enum.IntEnum):
    """Each includes those before it."""

    NOTHING = 0
    DJANGO = 1  # settings and declarations
    DATABASE = 2  # a server that answers
    TABLES = 3  # migrated


def prepare(needs: Needs, stack: ExitStack) -> None:
    """See to it; raises StartError with what to do. `stack` keeps the embedded server in use while it is open.

    Who needs tables doesn't make a database in a folder that has none: it says that there is none yet.
    """
    if needs >= Needs.DATABASE and os.environ.get(SUPERVISED) != "1":
        _find_server(stack, make=needs < Needs.TABLES)
    if needs >= Needs.DJANGO:
        load_django()
    if needs >= Needs.TABLES and os.environ.get(SUPERVISED) != "1":
        ensure_tables()


def load_django() -> None:
    """Load settings, models and the declared systems."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bridge.settings")
    import django

    django.setup()


def ensure_checked() -> None:
    """Raise StartError (check_failed) with every fault that the checks find; for what runs for long."""
    if os.environ.get(SUPERVISED) == "1":
        return
    from django.core.checks import run_checks

    faults = [message for message in run_checks() if message.is_serious() and not message.is_silenced()]
    if faults:
        told = "; ".join(str(fault).replace("\n\tHINT:", "") for fault in faults)
        raise StartError("check_failed", f"The configuration can't be used: {told}")


def ensure_tables() -> None:
    """Raise StartError (not_migrated) where `migrate` has not made the tables of every declared entity."""
    from django.db import connection

    from sync import schema
    from sync.registry import registry

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('entity') IS NOT NULL AND to_regclass('job') IS NOT NULL")
        (made,) = cursor.fetchone() or (False,)
    missing = [entity.path for entity in registry if not schema.ready(entity.path)] if made else ["any"]
    if missing:
        what = f"the entity {missing[0]}" if made else "Bridge"
        raise StartError("not_migrated", f"This database has no tables for {what} yet: run `bridge migrate`.")


def _find_server(stack: ExitStack, *, make: bool) -> None:
    from bridge import database, postgres

    url, direct = env.secret("DATABASE_URL"), env.secret("DATABASE_DIRECT_URL")
    if not url:
        database.refuse_direct_alone(direct)
        data_dir = env.data_dir()
        if not make and not _has_server(data_dir):
            sentence = f"There is no Bridge in {data_dir} yet: run `bridge up`, or name its folder by "
            raise StartError("no_bridge_here", sentence + "--data-dir or BRIDGE_DATA_DIR.")
        url = stack.enter_context(postgres.join_or_start(data_dir)).url
        os.environ["DATABASE_URL"] = url
    database.check_servers(url, direct)


def _has_server(data_dir: Path) -> bool:
    try:
        return (data_dir / "postgres").exists()
    except OSError as error:
        sentence = f"Bridge can't look into {data_dir} ({error.strerror}): be its owner, or name another by "
        raise StartError("data_dir_unusable", sentence + "--data-dir or BRIDGE_DATA_DIR.") from error
