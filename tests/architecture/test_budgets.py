"""Files and functions stay small; names that say nothing stay out."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("bridge", "sync", "api", "admin_ui")
EMPTY_NAMES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "base",
    "manager",
    "managers",
    "extras",
    "misc",
}


def files(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return [
        path for path in found if "migrations" not in path.parts and path.read_text(encoding="utf-8").strip()
    ]


def functions(path: Path) -> list[tuple[str, int]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        (f"{path.relative_to(ROOT)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def length(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_file_is_longer_than_400_lines() -> None:
    assert [str(path.relative_to(ROOT)) for path in files(*PRODUCT, "tests") if length(path) > 400] == []


def test_half_of_the_files_have_at_most_80_lines() -> None:
    assert statistics.median(length(path) for path in files(*PRODUCT)) <= 80


def test_no_function_is_longer_than_50_lines() -> None:
    assert [name for path in files(*PRODUCT) for name, lines in functions(path) if lines > 50] == []


def test_nine_of_ten_functions_have_at_most_25_lines() -> None:
    lengths = sorted(lines for path in files(*PRODUCT) for _, lines in functions(path))

    assert lengths[int(len(lengths) * 0.9)] <= 25


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [
        str(path.relative_to(ROOT)) for path in files(*PRODUCT, "tests") if path.stem in EMPTY_NAMES
    ] == []


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in files(*PRODUCT)
        if ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) is None
        and path.name != "__init__.py"
    ]

    assert silent == []


def test_the_top_level_is_the_agreed_one() -> None:
    agreed = {
        "manage.py",
        "pyproject.toml",
        "bridge",
        "sync",
        "api",
        "admin_ui",
        "tests",
        "deploy",
        "README.md",
    }
    made_by_tools = {"bridge.egg-info", "build", "dist", "staticfiles", "__pycache__"}

    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - made_by_tools

    assert found <= agreed
