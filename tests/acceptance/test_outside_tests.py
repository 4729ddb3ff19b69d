"""The tests of a system outside the repository, as README shows them, in a folder that has nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.test_outside_system import ROOT, readme_module, shop

__all__ = ["shop"]

pytestmark = pytest.mark.slow
PLAIN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("BRIDGE_", "DJANGO_", "DATABASE_", "PYTEST_"))
}


def block(opening: str) -> str:
    """A block of README's section on tests, from the fence that opens it."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Test your system\n")[2]
    return text.partition(opening)[2].partition("```")[0]


def folder(path: Path, module: str) -> Path:
    (path / "answers").mkdir()
    (path / "shop.py").write_text(module)
    (path / "pytest.ini").write_text(block("```ini\n"))
    (path / "test_shop.py").write_text(block("```python\n# test_shop.py\n"))
    (path / "answers" / "gadgets.json").write_text(block("```json\n"))
    return path


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**PLAIN, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_readmes_tests_pass_as_they_stand(tmp_path: Path) -> None:
    ended = run(folder(tmp_path, readme_module()))

    assert "5 passed" in ended.stdout, ended.stdout + ended.stderr
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "__pycache__") == [
        "answers",
        "pytest.ini",
        "shop.py",
        "test_shop.py",
    ]


@pytest.mark.long
def test_answers_are_recorded(tmp_path: Path, shop: str) -> None:
    there = folder(tmp_path, readme_module().replace("http://127.0.0.1:9000", shop))
    (there / "answers" / "gadgets.json").unlink()
    (there / "test_shop.py").write_text(
        "from sync.testing import read\n\n"
        "def test_they_are_read(far_end):\n"
        "    far_end.load('answers/gadgets.json')\n"
        "    assert len(read('shop.gadgets').rows) == 7\n"
    )

    recorded = run(there, "--bridge-record")

    assert "1 passed" in recorded.stdout, recorded.stdout
    (exchange,) = json.loads((there / "answers" / "gadgets.json").read_text())["exchanges"]
    assert exchange["request"]["path"] == "/gadgets"


@pytest.mark.parametrize(
    ("module", "ini", "words"),
    [
        ("import nothing_there\n", "bridge_systems = shop", "shop cannot be imported, shop.py line 1"),
        ("", "", "Say which system is tested: `bridge_systems = shop`"),
    ],
)
def test_a_system_that_cannot_be_loaded_is_told_in_a_sentence(
    tmp_path: Path, module: str, ini: str, words: str
) -> None:
    (tmp_path / "shop.py").write_text(module)
    (tmp_path / "pytest.ini").write_text(f"[pytest]\naddopts = -p bridge.testing\n{ini}\n")

    ended = run(tmp_path)

    assert ended.returncode == 4
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr


def test_without_the_plugin_the_kit_says_what_is_missing(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "from sync.testing import read"],
        env={**PLAIN, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert "write `addopts = -p bridge.testing` in pytest.ini" in ended.stderr
