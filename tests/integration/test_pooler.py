"""A real PgBouncer before the database: told where it was forgotten, and served through where it was not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bridge.database import DatabaseUnusable, check_servers, refuse_direct_alone
from tests.pgbouncer import pgbouncer
from tests.postgres_15 import INSTALLED, postgres_15

pytestmark = pytest.mark.needs("pgbouncer")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pooler")


@pytest.fixture(scope="module")
def direct(folder: Path) -> Iterator[str]:
    if not INSTALLED:
        pytest.skip("PostgreSQL 15 is not installed (.ci/run installs it)")
    place = folder / "postgres"
    place.mkdir()
    with postgres_15(place) as url:
        run(
            url,
            "CREATE DATABASE other",
            "CREATE DATABASE ready",
            "ALTER DATABASE ready SET search_path = bridge",
        )
        yield f"{url.removesuffix('/postgres')}/ready"


@pytest.fixture(scope="module")
def pooled(folder: Path, direct: str) -> Iterator[str]:
    with pgbouncer(folder / "transactions", direct) as url:
        yield url


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def refused(url: str, direct: str = "") -> DatabaseUnusable:
    with pytest.raises(DatabaseUnusable) as error:
        check_servers(url, direct)
    return error.value


def test_with_the_way_past_it_it_will_do(pooled: str, direct: str) -> None:
    check_servers(pooled, direct)


def test_without_the_way_past_it_it_is_told(pooled: str) -> None:
    error = refused(pooled)

    assert error.code == "database_pooler"
    assert "DATABASE_DIRECT_URL" in str(error)


def test_one_that_ignores_options_is_told_by_what_its_clients_share(direct: str, folder: Path) -> None:
    with pgbouncer(folder / "ignoring", direct, ignored="extra_float_digits,options") as url:
        error = refused(url)

    assert error.code == "database_pooler"


def test_one_that_keeps_a_process_for_each_session_needs_no_way_past_it(direct: str, folder: Path) -> None:
    ignored = "extra_float_digits,options"
    with pgbouncer(folder / "sessions", direct, mode="session", ignored=ignored) as url:
        check_servers(url, "")


def test_the_way_past_it_must_not_lead_through_it(pooled: str) -> None:
    error = refused(pooled, pooled)

    assert error.code == "database_pooler"
    assert "DATABASE_DIRECT_URL must lead to the PostgreSQL itself" in str(error)


def test_both_must_lead_to_the_same_database(pooled: str, direct: str) -> None:
    assert refused(pooled, f"{direct.removesuffix('/ready')}/other").code == "database_direct_differs"


def test_a_role_that_is_not_led_to_our_schema_is_told_how(pooled: str, direct: str) -> None:
    error = refused(f"{pooled.removesuffix('/ready')}/other", f"{direct.removesuffix('/ready')}/other")

    assert error.code == "database_search_path"
    assert "ALTER ROLE postgres SET search_path = bridge" in str(error)


def test_the_way_past_alone_is_no_way(direct: str) -> None:
    with pytest.raises(DatabaseUnusable) as error:
        refuse_direct_alone(direct)

    assert error.value.code == "database_direct_alone"
