"""DATABASE_URL: from a libpq URL to Django's settings, and whether its server can serve Bridge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from bridge.errors import StartError
from bridge.pooler import REFUSED_OPTIONS, shares_backends

SCHEMA = "bridge"
OLDEST_VERSION = 150_000  # as libpq counts: major * 10000 + minor
CONNECT_SECONDS = 5

_RIGHTS = """
    SELECT current_setting('search_path'), current_setting('server_encoding'), pg_is_in_recovery(),
           CASE WHEN to_regnamespace(%s) IS NULL
                THEN has_database_privilege(current_database(), 'CREATE')
                ELSE has_schema_privilege(%s, 'USAGE') END
"""
_IDENTITY = """
    SELECT pg_postmaster_start_time(), oid FROM pg_database WHERE datname = current_database()
"""
NOTICE_LOSS = {
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""A server that was cut off is noticed within 20 s, not after hours; no meaning for local sockets."""


class DatabaseUnusable(StartError):  # noqa: N818 - says what the database is, and is a StartError
    """The database can't be reached or can't serve Bridge."""


def django_database(
    url: str, *, conn_max_age: int | None = 0, server_side_binding: bool = False, pooled: bool = False
) -> dict[str, Any]:
    """Return the entry of Django's DATABASES for a libpq URL or `key=value` text; connects to nothing.

    Several hosts, sockets, `target_session_attrs`, TLS and all else libpq knows go through; the search path
    is our schema. `conn_max_age` is in seconds, None keeps connections for ever. `pooled` asks for nothing that
    a transaction pooler can't give: there the search path is the role's own. Code database_url.
    """
    given = _parse(url, pooled=pooled)
    return {
        "DISABLE_SERVER_SIDE_CURSORS": pooled,
        "ENGINE": "django.db.backends.postgresql",
        "NAME": given.pop("dbname"),
        "USER": given.pop("user", ""),
        "PASSWORD": given.pop("password", ""),
        "HOST": given.pop("host", ""),
        "PORT": given.pop("port", ""),
        "CONN_MAX_AGE": conn_max_age,
        "CONN_HEALTH_CHECKS": conn_max_age != 0,
        "OPTIONS": NOTICE_LOSS | given | {"server_side_binding": server_side_binding},
    }


def check_server(url: str, *, variable: str = "DATABASE_URL", pooled: bool = False) -> None:
    """Raise DatabaseUnusable unless the server answers, is 15 or newer, and lets the role make our tables.

    Unless `pooled`, each connection must be one of our own. Codes: database_url, database_unreachable,
    database_pooler, database_too_old, database_search_path, database_encoding, database_read_only,
    database_no_create. No sentence repeats the password.
    """
    given = _parse(url, variable=variable, pooled=pooled)
    place = _place(given)
    try:
        with _connect(given) as connection:
            _check_version(connection.info.server_version, place)
            if not pooled and shares_backends(connection, lambda: _connect(given)):
                raise _pooler_found(place, variable)
            with connection.transaction():
                row = connection.execute(_RIGHTS, [SCHEMA, SCHEMA]).fetchone()
    except psycopg.Error as error:
        if not pooled and REFUSED_OPTIONS in str(error):
            raise _pooler_found(place, variable) from None
        sentence = f"PostgreSQL at {place} can't be used ({_reason(error)}): "
        sentence += f"check {variable} and that the server runs."
        raise DatabaseUnusable("database_unreachable", sentence) from None  # its cause may quote the URL
    assert row is not None
    _check_settings(*row[:3], role=str(given.get("user", "…")), place=place)
    if not row[3]:
        sentence = f"The role may neither create the schema {SCHEMA} nor use it at {place}: run GRANT CREATE "
        sentence += f"ON DATABASE {given['dbname'] or '…'} TO {given.get('user', '…')}."
        raise DatabaseUnusable("database_no_create", sentence)


def check_servers(url: str, direct: str) -> None:
    """Raise DatabaseUnusable unless the database can be used; `direct` is empty where there is no pooler before it.

    Codes as of `check_server`, and database_direct_differs.
    """
    if not direct:
        check_server(url)
        return
    check_server(direct, variable="DATABASE_DIRECT_URL")
    check_server(url, pooled=True)
    if _identity(_parse(url, pooled=True)) != _identity(_parse(direct)):
        sentence = (
            "DATABASE_URL and DATABASE_DIRECT_URL lead to two databases: name one and the same, the first "
        )
        raise DatabaseUnusable("database_direct_differs", sentence + "through the pooler.")


def refuse_direct_alone(direct: str) -> None:
    """Raise DatabaseUnusable (database_direct_alone) where DATABASE_DIRECT_URL is set and DATABASE_URL is not."""
    if direct:
        sentence = (
            "DATABASE_DIRECT_URL is set and DATABASE_URL is not: name the pooler there, or this one alone as "
        )
        raise DatabaseUnusable("database_direct_alone", sentence + "DATABASE_URL.")


def _identity(given: Mapping[str, Any]) -> Any:
    """What no two databases have in common."""
    with _connect(given) as connection:
        return connection.execute(_IDENTITY).fetchone()


def _pooler_found(place: str, variable: str) -> DatabaseUnusable:
    sentence = f"A pooler at {place} gives each transaction another connection: "
    if variable == "DATABASE_URL":
        sentence += "name the PostgreSQL behind it in DATABASE_DIRECT_URL, for workers and migrations."
    else:
        sentence += f"{variable} must lead to the PostgreSQL itself."
    return DatabaseUnusable("database_pooler", sentence)


def _connect(given: Mapping[str, Any]) -> psycopg.Connection[Any]:
    """A connection in autocommit, as a parsed URL says. Raises psycopg.Error."""
    values = {"connect_timeout": CONNECT_SECONDS} | {name: value for name, value in given.items() if value}
    return psycopg.connect(**values, autocommit=True)


def _parse(url: str, *, variable: str = "DATABASE_URL", pooled: bool = False) -> dict[str, Any]:
    """Return what the URL gives, `dbname` always, and unless `pooled` our search path in `options`."""
    try:
        given: dict[str, Any] = dict(conninfo_to_dict(url))
    except psycopg.ProgrammingError:  # libpq's own words may quote the password
        given = {}
    if not given or ("://" in url and _is_torn(given)):
        sentence = (
            f"{variable} is not a PostgreSQL URL: write postgresql://user:password@host:5432/database, "
        )
        sentence += "with characters such as @ and / in the password percent-encoded."
        raise DatabaseUnusable("database_url", sentence)
    given.setdefault("dbname", "" if "service" in given else given.get("user", ""))
    if not given["dbname"] and "service" not in given:
        sentence = (
            f"{variable} names no database: end it with /database, as in postgresql://user@host/bridge."
        )
        raise DatabaseUnusable("database_url", sentence)
    if pooled:
        return given
    # Ours is the last -c, and the last one counts: every table lives in our schema whatever the URL says.
    given["options"] = f"{given.get('options', '')} -c search_path={SCHEMA}".strip()
    return given


def _is_torn(given: dict[str, Any]) -> bool:
    """Tell whether an @ or / that was not percent-encoded has torn the password to pieces."""
    ports = str(given.get("port", "")).replace(",", "")
    return "@" in f"{given.get('host', '')}{given.get('dbname', '')}" or not (ports.isdigit() or ports == "")


def _place(given: Mapping[str, Any]) -> str:
    """Return where the server is meant to be, for people: hosts, ports, database, role; no password."""
    hosts = str(given.get("host") or given.get("hostaddr") or "the local socket").split(",")
    ports = str(given.get("port", "")).split(",")
    if len(ports) < len(hosts):
        ports += ports[-1:] * (len(hosts) - len(ports))
    named = (f"{host}:{port}" if port else host for host, port in zip(hosts, ports, strict=False))
    role = f", role {given['user']}" if given.get("user") else ""
    return f"{' or '.join(named)} (database {given['dbname'] or 'of the service'}{role})"


def _reason(error: psycopg.Error) -> str:
    """Return the first line of what libpq or the server said; of several hosts that is the last one's."""
    words = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return words.removeprefix("connection failed: ").removeprefix("connection is bad: ")


def _check_version(found: int, place: str) -> None:
    if found >= OLDEST_VERSION:
        return
    minor = found % 10_000 if found >= 100_000 else found // 100 % 100
    sentence = f"PostgreSQL at {place} is version {found // 10_000}.{minor}: Bridge needs 15 or newer; "
    sentence += "upgrade it, or unset DATABASE_URL to use the embedded one."
    raise DatabaseUnusable("database_too_old", sentence)


def _check_settings(search_path: str, encoding: str, standby: bool, *, role: str, place: str) -> None:
    if search_path != SCHEMA:
        sentence = f"The pooler at {place} drops the connection's options: "
        sentence += f"run ALTER ROLE {role} SET search_path = {SCHEMA}, and let it connect anew."
        raise DatabaseUnusable("database_search_path", sentence)
    if encoding != "UTF8":
        sentence = f"The database at {place} is encoded in {encoding}: create one with ENCODING 'UTF8'."
        raise DatabaseUnusable("database_encoding", sentence)
    if standby:
        sentence = f"The server at {place} is a read-only standby: name all hosts in DATABASE_URL "
        raise DatabaseUnusable("database_read_only", sentence + "and add ?target_session_attrs=read-write.")
