"""What `migrate` makes beside the migrations: the schema before them; each entity's leaf, indexes and rows after."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_migrate, pre_migrate

from sync.errors import ConfigError
from sync.queries import query
from sync.registry import Registered, registry

SCHEMA = "bridge"
_PREPARE_LOCK = 7_301_001  # advisory: two `migrate` at once make the leaves one after the other
_NUMERIC = {"integer", "decimal", "money"}
_ids: dict[str, int] = {}


def connect(config: AppConfig) -> None:
    """Hook into `migrate`."""
    pre_migrate.connect(_make_schema, dispatch_uid="sync.schema")
    post_migrate.connect(_after_migrate, sender=config, dispatch_uid="sync.leaves")


def entity_id(path: str) -> int:
    """The number of a declared entity. Raises ConfigError where `migrate` has not made it yet."""
    if path not in _ids:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute("SELECT id FROM entity WHERE path = %s", (path,))
            row = cursor.fetchone()
        if row is None:
            raise ConfigError(
                f"The entity {path} has no table yet: run `bridge migrate`.", code="not_migrated"
            )
        _ids[path] = row[0]
    return _ids[path]


def leaf(path: str) -> str:
    """The name of the table that holds the entity's records."""
    return f"record_{entity_id(path)}"


def names(path: str) -> dict[str, str | int]:
    """What statements call `{leaf}` and `{entity_id}`: the entity's table, and its number in the primary key."""
    return {"leaf": leaf(path), "entity_id": entity_id(path)}


def ready(path: str) -> bool:
    """Whether `migrate` has made this entity's table."""
    try:
        entity_id(path)
    except ConfigError:
        return False
    return True


def forget() -> None:
    """Drop the numbers kept by this process (another database is about to be used)."""
    _ids.clear()


def is_numeric(registered: Registered, name: str) -> bool:
    """Whether a field's values compare as numbers."""
    field = registered.entity.fields.get(name)
    return field is not None and field.kind in _NUMERIC


def filter_expression(registered: Registered, name: str) -> str:
    """The SQL expression of a declared filter, as its index has it."""
    value = f"data->>'{name}'"
    if is_numeric(registered, name):
        return f"(({value})::numeric)"
    return f'(({value}) COLLATE "C")'


def prepare(using: str = DEFAULT_DB_ALIAS) -> None:
    """Make what declared entities need: number, leaf, indexes, tracker, limits, schedules. Safe to repeat."""
    from sync.jobs.declared_schedules import default_schedules
    from sync.jobs.events import make_event_partitions
    from sync.jobs.limits import default_limits

    connection = connections[using]
    forget()
    with transaction.atomic(using=using), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_PREPARE_LOCK,))
        for registered in registry:
            _make_entity(cursor, registered)
    for registered in registry:
        _make_filter_indexes(connection, registered)
        _make_history_index(connection, registered)
    default_limits()
    default_schedules()
    make_event_partitions()


def _make_schema(sender: AppConfig, using: str, **_: Any) -> None:
    if sender.models_module is None:
        return
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (SCHEMA,))
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")


def _after_migrate(using: str, plan: Any = None, **_: Any) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT to_regclass('scope_limit') IS NOT NULL")
        made = cursor.fetchone()
    if made and made[0]:  # not so when someone migrates back to zero
        prepare(using)


def _make_entity(cursor: Any, registered: Registered) -> None:
    cursor.execute(
        "INSERT INTO entity (path, system, name) VALUES (%s, %s, %s) ON CONFLICT (path) DO NOTHING",
        (registered.path, registered.system.name, registered.entity.name),
    )
    number = entity_id(registered.path)
    cursor.execute("INSERT INTO tracker (entity_id) VALUES (%s) ON CONFLICT DO NOTHING", (number,))
    if not _exists(cursor, f"record_{number}"):
        _make_leaf(cursor, number)
    make_list_index(cursor, number)


def _make_leaf(cursor: Any, number: int) -> None:
    # Made apart and attached: CREATE … PARTITION OF would wait for every reader of `record`.
    for table in ("record", "record_version"):
        name = f"{table}_{number}"
        cursor.execute(
            f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES,"
            f" CHECK (entity_id = {number}))"
        )
        cursor.execute(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES IN ({number})")
    cursor.execute(
        f"CREATE TRIGGER keep_version AFTER UPDATE ON record_{number}"
        " REFERENCING OLD TABLE AS gone NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION keep_version()"
    )


def make_list_index(cursor: Any, number: int, *, loaded: bool = True) -> None:
    """The index of lists by time of change where a leaf has none, and autovacuum again once it is loaded."""
    cursor.execute(query("leaf_state", leaf=f"record_{number}"))
    has_index, is_passed_by = cursor.fetchone()
    # Asked before: IF NOT EXISTS waits for all that write, and then finds that there is nothing to do.
    if not has_index:
        # Of two that make it the second waits here, and then finds it: SHARE alone would let both begin.
        cursor.execute(f"LOCK TABLE record_{number} IN SHARE ROW EXCLUSIVE MODE")
        if not _exists(cursor, f"record_{number}_changed"):
            cursor.execute(query("uncompressed_wal"))
            cursor.execute(f"CREATE INDEX record_{number}_changed ON record_{number} (changed_at, key_hash)")
    if loaded and is_passed_by:
        cursor.execute(f"ALTER TABLE record_{number} RESET (autovacuum_enabled)")


def drop_list_index(cursor: Any, number: int) -> None:
    """Drop that index, and let autovacuum pass the leaf by, where that is empty: each of its rows will be new."""
    cursor.execute(f"LOCK TABLE record_{number} IN ACCESS EXCLUSIVE MODE")
    cursor.execute(query("any_record", leaf=f"record_{number}"))
    if cursor.fetchone()[0]:
        return
    cursor.execute(f"DROP INDEX IF EXISTS record_{number}_changed")
    cursor.execute(f"ALTER TABLE record_{number} SET (autovacuum_enabled = off)")


def _exists(cursor: Any, relation: str) -> bool:
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", (relation,))
    return bool(cursor.fetchone()[0])


def _make_filter_indexes(connection: BaseDatabaseWrapper, registered: Registered) -> None:
    number = entity_id(registered.path)
    concurrently = "" if connection.in_atomic_block else "CONCURRENTLY"
    wanted = {f"record_{number}_by_{name}": name for name in registered.entity.filters}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE i.indrelid = to_regclass(%s) AND starts_with(c.relname, %s)",
            (f"record_{number}", f"record_{number}_by_"),
        )
        present = dict(cursor.fetchall())
        for index, valid in present.items():
            if not valid or index not in wanted:  # a broken off CONCURRENTLY leaves an invalid one
                cursor.execute(f"DROP INDEX {concurrently} {index}")
        for index, name in wanted.items():
            if not present.get(index):
                expression = filter_expression(registered, name)
                cursor.execute(
                    f"CREATE INDEX {concurrently} {index} ON record_{number} ({expression}, key_hash)"
                )


def _make_history_index(connection: BaseDatabaseWrapper, registered: Registered) -> None:
    """The index of lists `as_of` a late moment: few versions ended after it."""
    table = f"record_version_{entity_id(registered.path)}"
    index = f"{table}_until"
    concurrently = "" if connection.in_atomic_block else "CONCURRENTLY"
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", (index,))
        row = cursor.fetchone()
        if row and not (row[0] and registered.entity.history.list_as_of):
            cursor.execute(f"DROP INDEX {concurrently} {index}")
            row = None
        if row is None and registered.entity.history.list_as_of:
            cursor.execute(f"CREATE INDEX {concurrently} {index} ON {table} (valid_to, key_hash)")
