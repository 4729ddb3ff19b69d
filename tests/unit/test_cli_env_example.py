"""`.env.example` names every variable that the code reads, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READERS = frozenset({"text", "secret", "integer", "flag", "listing", "certificates"})
LISTED = re.findall(r"^#?([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
OURS = re.compile(r"(BRIDGE|NETSUITE|APISMITH|NOTIFICATIONS|INTERNAL)_[A-Z_]+[A-Z]")


def reads() -> Iterator[tuple[str, bool]]:
    """Each name read by `bridge.env` or os.environ, and whether it is only the beginning of names."""
    yield "BRIDGE_DATA_DIR", False
    for folder in ("bridge", "sync", "api", "admin_ui"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and node.args and is_reader(node.func):
                    yield from names(node.args[0])
                elif isinstance(node, ast.Constant) and OURS.fullmatch(str(node.value)):
                    yield str(node.value), False  # read by way of a variable


def is_reader(function: ast.expr) -> bool:
    if not isinstance(function, ast.Attribute):
        return False
    owner = ast.unparse(function.value)
    return (owner == "env" and function.attr in READERS) or (owner == "os.environ" and function.attr == "get")


def names(argument: ast.expr) -> Iterator[tuple[str, bool]]:
    if isinstance(argument, ast.Constant):
        yield str(argument.value), False
    elif isinstance(argument, ast.JoinedStr) and isinstance(argument.values[0], ast.Constant):
        yield str(argument.values[0].value), True


# From `bridge up` to its services; a Django setting; Python's own.
INTERNAL = frozenset({"BRIDGE_SUPERVISED", "BRIDGE_LIFELINE", "BRIDGE_VERSION", "PYTHONPATH"})
WHOLE = sorted({name for name, beginning in reads() if not beginning} - INTERNAL)
ENDINGS = ("_PRIVATE",)  # after the name of any system
BEGINNINGS = tuple(sorted({name for name, beginning in reads() if beginning}))


@pytest.mark.parametrize("name", WHOLE)
def test_it_lists_what_the_code_reads(name: str) -> None:
    assert name in LISTED


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_it_lists_what_the_code_reads_by_beginning(beginning: str) -> None:
    assert any(name.startswith(beginning) for name in LISTED)


@pytest.mark.parametrize("name", LISTED)
def test_the_code_reads_what_it_lists(name: str) -> None:
    assert name in WHOLE or name.startswith(BEGINNINGS) or name.endswith(ENDINGS)


def test_a_copy_changes_nothing() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()

    assert all(line.startswith("#") or not line for line in lines)


def test_no_name_stands_there_twice() -> None:
    assert len(LISTED) == len(set(LISTED))
