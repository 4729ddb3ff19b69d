"""Whether a server can serve Bridge, asked of a real one."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from bridge.database import DatabaseUnusable, check_server, django_database
from bridge.postgres import throwaway


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with throwaway(tmp_path_factory.mktemp("database") / "state") as url:
        yield url


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def refused(url: str) -> DatabaseUnusable:
    with pytest.raises(DatabaseUnusable) as error:
        check_server(url)
    return error.value


def test_the_embedded_server_will_do(url: str) -> None:
    check_server(url)


def test_the_settings_connect_and_lead_to_our_schema(url: str) -> None:
    entry = django_database(url)
    options = {name: value for name, value in entry["OPTIONS"].items() if name != "server_side_binding"}

    with psycopg.connect(
        host=entry["HOST"], port=entry["PORT"], user=entry["USER"], dbname=entry["NAME"], **options
    ) as connection:
        assert connection.execute("SHOW search_path").fetchone() == ("bridge",)


def test_a_role_that_may_not_create_is_told_what_to_grant(url: str) -> None:
    run(url, "CREATE ROLE poor LOGIN", "CREATE DATABASE closed")
    poor = url.replace("postgres@/postgres", "poor@/closed")

    error = refused(poor)

    assert error.code == "database_no_create"
    assert str(error).endswith("run GRANT CREATE ON DATABASE closed TO poor.")


def test_a_role_that_may_use_our_schema_needs_no_create(url: str) -> None:
    run(url, "CREATE ROLE reader LOGIN", "CREATE DATABASE made")
    made = url.replace("/postgres?", "/made?")
    run(made, "CREATE SCHEMA bridge", "GRANT USAGE ON SCHEMA bridge TO reader")

    check_server(made.replace("postgres@", "reader@"))


def test_a_missing_database_or_role_is_named(url: str) -> None:
    error = refused(url.replace("/postgres?", "/nowhere?"))

    assert error.code == "database_unreachable"
    assert 'database "nowhere" does not exist' in str(error)
    assert 'role "nobody" does not exist' in str(refused(url.replace("postgres@", "nobody@")))


def test_another_encoding_is_refused(url: str) -> None:
    run(url, "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0")

    assert refused(url.replace("/postgres?", "/latin?")).code == "database_encoding"
