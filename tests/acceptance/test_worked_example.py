"""A thousand items from the ERP through Bridge to ScheduleHub, by the very commands that its README gives."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.running import PATIENCE, Running, greeted

pytestmark = pytest.mark.slow
README = Path(__file__).resolve().parents[2] / "bridge/systems/schedulehub/README.md"
HERE = {"rows_fetched": 1000, "validated": 998, "inserted": 50, "updated": 48, "skipped": 900, "failed": 2}
THERE = {"inserted": 50, "updated": 47, "deleted": 0, "conflicts": 1, "failed": 1}
WHOLE = {"rows_fetched": 1000, "inserted": 50, "updated": 47, "skipped": 900, "failed": 3, "waiting": 0}


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Running]:
    with greeted(tmp_path, "--no-sync") as running:
        yield running


def type_in(running: Running) -> str:
    """What the README's commands print."""
    block = README.read_text().partition("## A thousand items, by hand")[2].partition("```sh\n")[2]
    sandbox = re.search(r"(http://127\.0\.0\.1:\d+)/_control", running.greeted())
    assert sandbox
    python = f'bridge() {{ "{sys.executable}" -m bridge "$@"; }}\nset -e\n'
    done = subprocess.run(
        ["bash", "-c", python + block.partition("```")[0].replace("curl ", "curl -sSf ")],
        cwd=running.folder,
        env={**running.environment, "SANDBOX": sandbox[1]},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return " ".join(done.stdout.split())


def test_the_batch_has_the_same_counts_from_end_to_end(up: Running) -> None:
    printed = type_in(up)

    _, page = up.get("/api/v1/batches?entity=apismith.items&limit=1")
    _, batch = up.get(f"/api/v1/batches/{page['items'][0]['id']}")
    there = dict(batch["targets"]["schedulehub"])
    whole = there.pop("end_to_end")
    assert {name: batch["counts"][name] for name in HERE} == HERE
    assert there == THERE
    assert whole == {**WHOLE, "deleted": 0, "success_rate": 99.7}
    assert "schedulehub 1,000 50 47 900 0 3 99.70 %" in printed
    _, refused = up.get("/api/v1/deliveries?state=refused")
    assert [delivery["answer"]["code"] for delivery in refused["items"]] == ["LOCKED"]
