"""The command line: what it lists, how it refuses, with which exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path
from uuid import UUID

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, ProgrammingError
from psycopg.errors import UndefinedTable

import bridge.__main__
from bridge import cli
from bridge.errors import StartError
from bridge.exits import FAILED, INTERRUPTED, OK, USAGE, explain
from bridge.verbs import VERBS
from bridge.verbs.ids import identifier
from sync.errors import Conflict, InvalidRequest, NotFound, TransientError, UnknownEntity


@pytest.mark.parametrize("arguments", [[], ["help"], ["-h"], ["--help"]])
def test_it_lists_every_verb_with_a_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments) == OK

    out = capsys.readouterr().out
    assert all(f"  {name} " in out and verb.line in out for name, verb in VERBS.items())


@pytest.mark.parametrize("name", sorted(VERBS))
def test_every_verb_tells_how_it_is_used(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([name, "--help"])

    assert ended.value.code == OK
    assert f"usage: bridge {name}" in capsys.readouterr().out


def test_it_tells_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == OK
    assert capsys.readouterr().out.startswith("bridge ")


@pytest.mark.parametrize(
    "line",
    [
        "status --no-such-option",
        "jobs --limit -5",
        "jobs explode 1",
        "failed --limit many",
        "token --client a --scope read --days 0",
        "token --client a --scope read --days inf",
        "token --scope read",
        "web --workers 0",
        "web --port 99999999",
        "migrate --data-dir",
        "up --port 80000",
        "worker --concurrency 0",
        "sync",
        "sync customers --wait --timeout 0",
    ],
)
def test_what_cannot_be_an_option_is_refused(line: str) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(line.split())

    assert ended.value.code == USAGE


def test_an_unknown_verb_gets_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["statsu"]) == USAGE
    assert "did you mean `bridge status`? [unknown_verb]" in capsys.readouterr().err


def test_a_folder_without_a_bridge_is_refused_and_stays_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL")

    assert cli.main(["status", "--data-dir", str(tmp_path / "none")]) == USAGE

    assert "There is no Bridge in" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_a_django_command_takes_a_data_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["diffsettings", "--data-dir", str(tmp_path), "--output", "unified"]) == OK

    assert os.environ["BRIDGE_DATA_DIR"] == str(tmp_path)
    assert "+ ROOT_URLCONF" in capsys.readouterr().out


def test_ctrl_c_while_modules_load_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupting(MetaPathFinder):
        def find_spec(self, fullname: str, *_: object) -> None:
            if fullname == "bridge.cli":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "bridge.cli")
    monkeypatch.setattr(sys, "meta_path", [Interrupting(), *sys.meta_path])

    assert bridge.__main__.main() == INTERRUPTED


def test_the_script_loads_next_to_nothing_before_it_can_be_interrupted() -> None:
    look = (
        "import sys; before = set(sys.modules); import bridge.__main__; print(*(set(sys.modules) - before))"
    )
    loaded = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout

    assert set(loaded.split()) <= {"bridge", "bridge.__main__", "__future__"}


@pytest.fixture(autouse=True)
def data_dir_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts back what --data-dir sets."""
    monkeypatch.setenv("BRIDGE_DATA_DIR", str(os.environ["BRIDGE_DATA_DIR"]))


def undefined_table() -> ProgrammingError:
    error = ProgrammingError("relation job does not exist")
    error.__cause__ = UndefinedTable("relation job does not exist")
    return error


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (StartError("port_taken", "Taken."), USAGE, "Taken. [port_taken]"),
        (InvalidRequest("Ask so.", code="bad_since"), USAGE, "Ask so. [bad_since]"),
        (UnknownEntity("None such."), USAGE, "None such. [unknown_entity]"),
        (NotFound("There is no job 1."), USAGE, "There is no job 1. [not_found]"),
        (Conflict("It has ended."), FAILED, "It has ended. [conflict]"),
        (TransientError("It was away."), FAILED, "It was away. [far_end_unavailable]"),
        (ImproperlyConfigured("No key."), USAGE, "No key. [configuration]"),
        (OperationalError("connection refused\nis it up?"), USAGE, "(connection refused)"),
        (undefined_table(), USAGE, "run `bridge migrate`. [not_migrated]"),
    ],
)
def test_an_error_that_a_person_can_clear_is_a_sentence(error: Exception, code: int, words: str) -> None:
    explained = explain(error)

    assert explained is not None
    assert explained[0] == code
    assert words in explained[1]


@pytest.mark.parametrize("error", [ValueError("a fault of ours"), ProgrammingError("syntax error")])
def test_a_fault_of_ours_is_not_explained_away(error: Exception) -> None:
    assert explain(error) is None


def test_an_id_is_read() -> None:
    text = "01a1fd84-a220-7c56-a6e9-b8a9afa65db5"

    assert identifier("jobs", "show", text) == UUID(text)


@pytest.mark.parametrize(("text", "code"), [(None, "id_missing"), ("", "id_missing"), ("17", "id_invalid")])
def test_what_is_no_id_is_refused(text: str | None, code: str) -> None:
    with pytest.raises(StartError) as refused:
        identifier("jobs", "show", text)

    assert refused.value.code == code


def test_a_data_folder_that_cannot_be_looked_into_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL")

    # Nobody is refused a look for want of rights where tests run as root: the name is longer than names may be.
    assert cli.main(["status", "--data-dir", str(tmp_path / ("x" * 300))]) == USAGE
    assert "[data_dir_unusable]" in capsys.readouterr().err
