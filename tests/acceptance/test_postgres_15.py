"""An external PostgreSQL 15, named by DATABASE_URL: `bridge up` does the same on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.running import Running, bridge, clean_environment, eventually, free_port
from tests.postgres_15 import INSTALLED, postgres_15

pytestmark = pytest.mark.slow
WANTED = {
    "netsuite.customers": 19_820,
    "netsuite.products": 504,
    "apismith.customers": 91,
    "apismith.items": 77,
    "apismith.orders": 830,
    "apismith.order_lines": 2_155,
}


@pytest.fixture
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not INSTALLED:
        pytest.skip("PostgreSQL 15 is not installed (.ci/run installs it)")
    with postgres_15(tmp_path_factory.mktemp("pg15")) as found:
        yield found


def test_it_does_the_same_on_an_external_server(url: str, tmp_path: Path) -> None:
    running = Running(tmp_path, DATABASE_URL=url)
    try:
        running.greeted()
        eventually(lambda: {path: e["records"] for path, e in running.entities().items()} == WANTED, running)
        eventually(lambda: all(entity["pending"] == 0 for entity in running.entities().values()), running)
        status, page = running.get("/api/v1/customers?limit=5")
        assert (status, len(page["items"])) == (200, 5)
        assert not (running.data_dir / "postgres").exists()
        assert running.stop() == 0
    finally:
        running.wreck()


def test_one_that_is_not_there_gives_one_sentence(tmp_path: Path) -> None:
    environment = clean_environment() | {
        "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{free_port()}/postgres"
    }

    done = bridge(tmp_path, "status", environment=environment)

    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr
