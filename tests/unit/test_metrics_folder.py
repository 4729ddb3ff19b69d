"""The folder of the metrics is named in the environment or in `.env`, and made."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bridge import metrics_folder
from bridge.cli import main
from bridge.errors import StartError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(metrics_folder.NAME, "")  # put back at the end
    monkeypatch.delenv(metrics_folder.NAME)


def test_one_that_dotenv_names_is_made_and_told_to_the_library(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"{metrics_folder.NAME}={tmp_path}/run/metrics\n")

    metrics_folder.share()

    assert os.environ[metrics_folder.NAME] == f"{tmp_path}/run/metrics"
    assert (tmp_path / "run" / "metrics").is_dir()


def test_without_a_name_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(metrics_folder.NAME, "")

    metrics_folder.share()

    assert metrics_folder.NAME not in os.environ


def test_one_that_cannot_be_made_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(metrics_folder.NAME, str(tmp_path / "file" / "metrics"))

    with pytest.raises(StartError, match="name one that Bridge may write to") as raised:
        metrics_folder.share()

    assert raised.value.code == "metrics_folder"


def test_a_command_that_ends_soon_leaves_nothing_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(metrics_folder.NAME, str(tmp_path / "metrics"))

    assert main(["check", "--no-database"]) == 0

    assert not (tmp_path / "metrics").exists()
    assert metrics_folder.NAME not in os.environ
