"""A backfill over seven simulated days, with two workers, one killed, while syncs go on: exact to the row."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.running import clean_environment

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]


def week(*arguments: str) -> dict[str, Any]:
    """Live through it; it checks itself and ends with what was wrong."""
    command = [sys.executable, "-m", "tests.bench.backfill", "--json", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def test_a_week_of_seven_thousand_rows() -> None:
    figures = week("--rows", "7000", "--hasten")

    assert figures["inserted"] + figures["skipped"] == 7_000
    assert (figures["failed"], figures["syncs"]) == (0, 8)


@pytest.mark.long
@pytest.mark.timeout(1_800)
def test_a_week_of_seven_million_rows() -> None:
    figures = week("--rows", "7000000")

    assert figures["inserted"] + figures["skipped"] == 7_000_000
    assert (figures["failed"], figures["windows"], figures["syncs"]) == (0, 140, 8)
