"""Imports go down only: bridge -> api, admin_ui -> sync; systems see the engine's public face."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PUBLIC_FACE = ("declare", "fields", "sources", "targets", "errors", "commands", "jobs", "records", "http")
HEAVY = ("polars", "polars_hash", "numpy")


def modules(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)


def imports(path: Path, *, top_level_only: bool = False) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def offenders(folder: str, forbidden: tuple[str, ...]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(folder)
        for name in imports(path)
        if name.split(".")[0] in forbidden
    ]


def test_the_engine_knows_nobody_above_it() -> None:
    assert offenders("sync", ("bridge", "api", "admin_ui", "tests")) == []


def test_the_api_and_the_admin_do_not_know_the_project_or_each_other() -> None:
    assert offenders("api", ("bridge", "admin_ui", "tests")) == []
    assert offenders("admin_ui", ("bridge", "api", "tests")) == []


def test_the_project_does_not_know_its_tests() -> None:
    assert offenders("bridge", ("tests",)) == []


def test_systems_see_only_the_public_face_of_the_engine() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules("bridge/systems")
        if path.parent != ROOT / "bridge/systems"  # the list of systems and its loading are wiring
        for name in imports(path)
        if name.startswith("sync.") and name.split(".")[1] not in PUBLIC_FACE
    ]

    assert wrong == []


def test_systems_do_not_know_each_other() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules("bridge/systems")
        for name in imports(path)
        if name.startswith("bridge.systems.")
        and path.parent != ROOT / "bridge/systems"
        and name.split(".")[2] != path.relative_to(ROOT / "bridge/systems").parts[0]
    ]

    assert wrong == []


def test_the_engine_names_no_system() -> None:
    systems = [path.name for path in (ROOT / "bridge/systems").iterdir() if (path / "entities.py").exists()]
    allowed = {"sync/metrics.py"}  # netsuite_requests_total is a public name

    wrong = [
        f"{path.relative_to(ROOT)} has the string {node.value!r}"
        for path in modules("sync")
        if str(path.relative_to(ROOT)) not in allowed
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in systems
    ]

    assert systems
    assert wrong == []


@pytest.mark.parametrize("folder", ["bridge", "api", "admin_ui"])
def test_only_the_pipeline_loads_the_data_frames(folder: str) -> None:
    assert offenders(folder, HEAVY) == []


def test_modules_that_every_process_loads_leave_the_data_frames_alone() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules("sync")
        if "pipeline" not in path.parts and path.name != "replay.py"  # loaded by the handler of its jobs
        for name in imports(path, top_level_only=True)
        if name.split(".")[0] in HEAVY or name.startswith("sync.pipeline")
    ]

    assert wrong == []


def test_jobs_are_deferred_in_one_place() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for folder in ("bridge", "sync", "api", "admin_ui")
        for path in modules(folder)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"defer", "defer_async"}
        and path.relative_to(ROOT) != Path("sync/jobs/queue.py")
        and not (node.args and not node.keywords)  # QuerySet.defer("column")
    ]

    assert wrong == []
