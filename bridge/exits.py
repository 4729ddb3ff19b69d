"""Exit codes that scripts can use, and the sentence for each error that a person can clear."""

from __future__ import annotations

import sys

from bridge.errors import StartError
from sync.errors import BridgeError, ConfigError, InvalidRequest, NotFound

OK = 0
FAILED = 1  # the work was tried and failed
USAGE = 2  # asked wrongly, configured wrongly, or the database cannot be used
INTERRUPTED = 130  # Ctrl-C


def explain(error: Exception) -> tuple[int, str] | None:
    """The exit code and the sentence for an error; None for one that only a programmer can clear."""
    if isinstance(error, StartError):
        return USAGE, f"{error.sentence} [{error.code}]"
    if isinstance(error, BridgeError):
        usage = isinstance(error, (ConfigError, InvalidRequest, NotFound))
        return USAGE if usage else FAILED, f"{error.message} [{error.code}]"
    # Django is asked only where it is loaded: its import takes longer than most verbs.
    return _explain_django(error) if "django.db" in sys.modules else None


def say(sentence: str) -> None:
    """Tell a person on stderr what stdout is not for."""
    print(f"bridge: {sentence}", file=sys.stderr)


def _explain_django(error: Exception) -> tuple[int, str] | None:
    import psycopg
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management.base import SystemCheckError
    from django.db import InterfaceError, OperationalError, ProgrammingError
    from psycopg.errors import UndefinedColumn, UndefinedTable

    if isinstance(error, SystemCheckError):
        return USAGE, f"{error} [check_failed]"
    if isinstance(error, ImproperlyConfigured):
        return USAGE, f"{error} [configuration]"
    if isinstance(error, ProgrammingError) and isinstance(error.__cause__, (UndefinedTable, UndefinedColumn)):
        return USAGE, "The tables are missing or older than this code: run `bridge migrate`. [not_migrated]"
    if isinstance(error, (OperationalError, InterfaceError, psycopg.OperationalError)):
        words = str(error).strip().splitlines() or ["no words"]
        return USAGE, f"The database can't be used ({words[0]}): see that it runs. [database_unreachable]"
    return None
