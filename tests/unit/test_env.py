from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from bridge import env


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("THING", "THING_FILE", "BRIDGE_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_reads_text_and_falls_back_to_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.text("THING") == ""
    assert env.text("THING", "other") == "other"
    assert env.text("THING", None) is None

    monkeypatch.setenv("THING", "here")

    assert env.text("THING", "other") == "here"


def test_it_takes_an_empty_variable_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THING", "")

    assert env.text("THING", "other") == "other"
    assert env.integer("THING", 7) == 7
    assert env.flag("THING", default=True) is True
    assert env.listing("THING", ["a"]) == ["a"]


def test_it_reads_a_secret_from_its_file_without_the_trailing_newline(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "secret").write_text(" pass word \r\n")
    monkeypatch.setenv("THING_FILE", str(folder / "secret"))

    assert env.secret("THING") == " pass word "


def test_a_secret_file_that_is_missing_refuses_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THING_FILE", "/nowhere/secret")

    with pytest.raises(env.EnvError, match="THING_FILE doesn't name a readable text file") as refused:
        env.secret("THING")

    assert refused.value.code == "env_file_unreadable"


def test_it_reads_a_dotenv_file_of_the_working_directory(folder: Path) -> None:
    (folder / "secret").write_text("kept\n")
    (folder / ".env").write_text(f"# words\nTHING_FILE={folder / 'secret'}\nOTHER='two words'\n")

    assert env.secret("THING") == "kept"
    assert env.text("OTHER") == "two words"


def test_a_changed_dotenv_file_is_read_again(folder: Path) -> None:
    (folder / ".env").write_text("THING=one\n")
    assert env.text("THING") == "one"

    (folder / ".env").unlink()

    assert env.text("THING", "none") == "none"


@pytest.mark.parametrize("real", ["real", ""])
def test_a_dotenv_file_never_overrides_the_real_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch, real: str
) -> None:
    (folder / "file").write_text("from the file")
    (folder / ".env").write_text(f"THING=dotenv\nTHING_FILE={folder / 'file'}\n")
    monkeypatch.setenv("THING", real)

    assert env.text("THING") == real


def test_a_dotenv_file_that_is_no_text_refuses_to_start(folder: Path) -> None:
    (folder / ".env").write_bytes(b"THING=\xff\xfe\n")

    with pytest.raises(env.EnvError, match=r"Can't read .*\.env"):
        env.text("THING")


@pytest.mark.parametrize("word", ["1", "true", "True", "YES", " on "])
def test_it_reads_a_yes(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("THING", word)

    assert env.flag("THING") is True


@pytest.mark.parametrize("word", ["0", "false", "No", "OFF"])
def test_it_reads_a_no(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("THING", word)

    assert env.flag("THING", default=True) is False


@pytest.mark.parametrize("word", ["ture", "2", "ja", "enabled"])
def test_an_odd_flag_refuses_to_start(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("THING", word)

    with pytest.raises(env.EnvError, match=f"THING is '{word}': write true or false") as refused:
        env.flag("THING")

    assert refused.value.code == "env_not_flag"


@pytest.mark.parametrize(
    ("written", "code"), [("ten", "env_not_integer"), ("1.5", "env_not_integer"), ("0", "env_out_of_range")]
)
def test_a_number_that_cannot_be_meant_refuses_to_start(
    monkeypatch: pytest.MonkeyPatch, written: str, code: str
) -> None:
    monkeypatch.setenv("THING", written)

    with pytest.raises(env.EnvError) as refused:
        env.integer("THING", 5, minimum=1)

    assert refused.value.code == code
    assert "THING" in str(refused.value)


def test_it_reads_whole_numbers_and_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THING", "12")
    assert env.integer("THING", 5, minimum=1, maximum=12) == 12

    monkeypatch.setenv("THING", " a, b ,,c,")
    assert env.listing("THING") == ["a", "b", "c"]


def test_the_data_directory_is_absolute(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.data_dir() == folder / ".bridge"

    monkeypatch.setenv("BRIDGE_DATA_DIR", "state/here")

    assert env.data_dir() == folder / "state" / "here"


def test_a_kept_secret_stays_the_same_and_is_private(folder: Path) -> None:
    first = env.kept_secret("jwt_secret")

    assert len(first) == 64
    assert env.kept_secret("jwt_secret") == first
    assert stat.S_IMODE((folder / ".bridge" / "jwt_secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / ".bridge").stat().st_mode) == 0o700
    assert [path.name for path in (folder / ".bridge").iterdir()] == ["jwt_secret"]


def test_two_at_the_same_moment_keep_one_secret() -> None:
    seen: list[str] = []
    threads = [threading.Thread(target=lambda: seen.append(env.kept_secret("jwt_secret"))) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 8
    assert len(set(seen)) == 1


def test_a_secret_that_cannot_be_kept_says_what_to_set(folder: Path) -> None:
    (folder / ".bridge").write_text("a file, not a folder")

    with pytest.raises(env.EnvError, match="set BRIDGE_JWT_SECRET, or BRIDGE_DATA_DIR") as refused:
        env.kept_secret("jwt_secret")

    assert refused.value.code == "env_secret_not_kept"


@pytest.mark.parametrize(("given", "meant"), [("", None), ("0", 0), ("90", 90)])
def test_the_time_for_a_drain_is_told_apart_from_none(
    monkeypatch: pytest.MonkeyPatch, given: str, meant: int | None
) -> None:
    monkeypatch.setenv("BRIDGE_DRAIN_SECONDS", given)

    assert env.drain_seconds() == meant


@pytest.mark.parametrize("given", ["-1", "soon", "90000"])
def test_a_time_for_a_drain_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("BRIDGE_DRAIN_SECONDS", given)

    with pytest.raises(env.EnvError):
        env.drain_seconds()
