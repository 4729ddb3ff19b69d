"""`bridge failed` and `bridge pending`."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from sync.models import AuditEntry, FailedRecord, Job
from tests import factories
from tests.integration.shell.conftest import Shell


def test_it_lists_the_open_ones(shell: Shell) -> None:
    open_one = factories.failed_record()
    closed = factories.failed_record("shop.makers", state=FailedRecord.State.DISCARDED)

    assert shell("failed") == 0

    assert str(open_one.id) in shell.out
    assert "name is too long." in shell.out
    assert str(closed.id) not in shell.out


def test_it_says_that_there_are_more(shell: Shell) -> None:
    for _ in range(2):
        factories.failed_record()

    shell("failed", "--limit", "1")

    assert shell.err == "bridge: 1 of 2; --limit N shows more.\n"


def test_it_lists_by_entity_and_state_as_json(shell: Shell) -> None:
    factories.failed_record()
    closed = factories.failed_record("shop.makers", state=FailedRecord.State.DISCARDED)

    shell("failed", "list", "--entity", "shop.makers", "--state", "discarded", "--json")

    assert [row["id"] for row in shell.json] == [str(closed.id)]


def test_it_shows_one_with_all_its_stages(shell: Shell) -> None:
    failed = factories.failed_record()

    assert shell("failed", "show", str(failed.id)) == 0

    assert shell.json["raw"].startswith('{"id":7,')
    assert shell.json["errors"][0]["code"] == "too_long"
    assert shell.json["input"]["id"] == "7"


def test_it_mends_one_and_keeps_the_digits(shell: Shell) -> None:
    failed = factories.failed_record()

    assert shell("failed", "patch", str(failed.id), "--data", '{"name": "Lamp", "price": 1.10}') == 0

    mended = FailedRecord.objects.get(pk=failed.id).mended
    assert mended is not None
    assert (mended["name"], mended["price"]) == ("Lamp", "1.10")
    assert AuditEntry.objects.get().act == "failed_record.mend"


def test_it_mends_one_from_a_file(shell: Shell, tmp_path: Path) -> None:
    failed = factories.failed_record()
    (tmp_path / "mend.json").write_text('{"name": "Lamp"}')

    assert shell("failed", "patch", str(failed.id), "--data", f"@{tmp_path / 'mend.json'}", "--json") == 0
    assert shell.json["mended"]["name"] == "Lamp"


def test_a_name_that_nothing_reads_is_one_sentence(shell: Shell) -> None:
    failed = factories.failed_record()

    assert shell("failed", "patch", str(failed.id), "--data", '{"nmae": "Lamp"}') == 2
    assert "Nothing reads 'nmae': did you mean name?" in shell.err
    assert "[bad_mend]" in shell.err


def test_it_runs_one_again(shell: Shell) -> None:
    failed = factories.failed_record()

    assert shell("failed", "retry", str(failed.id)) == 0

    job = Job.objects.get(kind="replay")
    assert f"job {job.id}" in shell.out


def test_it_discards_one(shell: Shell) -> None:
    failed = factories.failed_record()

    assert shell("failed", "discard", str(failed.id), "--reason", "a test row") == 0

    failed.refresh_from_db()
    assert (failed.state, failed.remark) == ("discarded", "a test row")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("", "data_missing"),
        ("{broken", "data_not_json"),
        ("[1]", "data_not_json"),
        ("@/no/such/file", "data_unreadable"),
    ],
)
def test_data_that_cannot_be_read_is_one_sentence(shell: Shell, data: str, code: str) -> None:
    assert shell("failed", "patch", str(factories.failed_record().id), "--data", data) == 2
    assert f"[{code}]" in shell.err


def test_one_that_is_not_there_is_one_sentence(shell: Shell) -> None:
    for act in ("show", "retry", "discard"):
        assert shell("failed", act, str(uuid.uuid4())) == 2
        assert "[not_found]" in shell.err


def test_it_lists_rows_that_wait_for_their_parent(shell: Shell) -> None:
    factories.pending_child()

    assert shell("pending") == 0
    assert shell.out.splitlines()[1].split()[:3] == ["shop.gadgets", "7", "shop.makers"]


def test_it_lists_them_as_json(shell: Shell) -> None:
    factories.pending_child()

    shell("pending", "--entity", "gadgets", "--json")

    assert [(row["entity"], row["key"], row["waits_for"]) for row in shell.json] == [
        ("shop.gadgets", "7", "shop.makers")
    ]


def test_it_takes_a_discard_back(shell: Shell) -> None:
    failed = factories.failed_record(state=FailedRecord.State.DISCARDED)

    assert shell("failed", "reopen", str(failed.id)) == 0

    assert "Taken back." in shell.out
    failed.refresh_from_db()
    assert failed.state == "open"
