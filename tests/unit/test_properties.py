"""The properties of the normalize layers and of the other pure parts, in many more examples and from several seeds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.long
@pytest.mark.timeout(3_000)
@pytest.mark.parametrize("seed", [11, 22, 33])
def test_the_properties_hold_in_many_more_examples(seed: int) -> None:
    chosen = ["tests/unit", "-m", "hypothesis and not long"]
    deeper = ["--hypothesis-profile=long", f"--hypothesis-seed={seed}", "--timeout=1500"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen, *deeper]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-20_000:]
