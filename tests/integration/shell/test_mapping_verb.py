"""`bridge mapping`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sync.models import AuditEntry, Job, Mapping
from tests import factories
from tests.integration.shell.conftest import Shell

RULES = {"fields": {"note": {"clean": ["lower"]}}}


def test_it_drafts_from_a_file_and_lists(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(RULES))

    assert shell("mapping", "draft", "--entity", "gadgets", "--rules", f"@{path}") == 0

    mapping = Mapping.objects.get()
    assert f"bridge mapping rehearse {mapping.pk}" in shell.out
    assert mapping.rules == RULES
    assert AuditEntry.objects.get().door == "shell"
    shell("mapping", "--entity", "gadgets", "--json")
    assert [row["id"] for row in shell.json] == [mapping.pk]
    shell("mapping")
    assert "shop.gadgets" in shell.out


def test_it_goes_through_its_life(shell: Shell) -> None:
    number = str(factories.mapping().pk)

    assert shell("mapping", "edit", number, "--rules", json.dumps(RULES)) == 0
    assert shell("mapping", "rehearse", number, "--sample", "5") == 0
    assert shell("mapping", "activate", number, "--json") == 0
    assert (shell.json["state"], shell.json["rules"]) == ("active", RULES)
    assert shell("mapping", "remap", number) == 0
    assert shell("mapping", "replay", number) == 0
    assert "Nothing failed." in shell.out
    assert shell("mapping", "retire", number) == 0
    assert shell("mapping", "show", number) == 0
    assert shell.json["rehearsal"]["kind"] == "rehearse"
    assert sorted(Job.objects.values_list("kind", flat=True)) == ["rehearse", "remap"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("show",), "needs an id"),
        (("show", "x"), "is not an id"),
        (("show", "7"), "There is no mapping 7"),
        (("draft", "--rules", "{}"), "Name the entity"),
        (("draft", "--entity", "gadgets"), "Give the rules"),
        (("draft", "--entity", "gadgets", "--rules", "{"), "is not JSON"),
        (("draft", "--entity", "gadgets", "--rules", "@/nowhere"), "Can't read /nowhere"),
        (("draft", "--entity", "gadgets", "--rules", '{"drop": ["id"]}'), "'id' is the key"),
    ],
)
def test_what_cannot_be_done_is_said(shell: Shell, typed: tuple[str, ...], said: str) -> None:
    assert shell("mapping", *typed) != 0

    assert said in shell.err
