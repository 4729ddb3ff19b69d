"""`bridge audit`."""

from __future__ import annotations

import pytest

from tests import factories
from tests.integration.shell.conftest import Shell
from tests.integration.trail.conftest import act_at_once, past_the_triggers


def test_acts_are_listed_and_one_is_shown(shell: Shell) -> None:
    entry = factories.audit_entry(reason="it is up", object_id="7", before={"status": "failed"})
    factories.audit_entry(act="limit.change", object_type="limit", actor="otto")

    assert shell("audit", "list", "--act", "job.", "--object", "job:7") == 0
    assert "olga" in shell.out
    assert "it is up" in shell.out
    assert "otto" not in shell.out
    assert shell("audit", "--actor", "otto", "--json") == 0
    assert [item["act"] for item in shell.json] == ["limit.change"]
    assert shell("audit", "show", str(entry.pk)) == 0
    assert '"status": "failed"' in shell.out
    assert shell("audit", "--since", "2020-01-01", "--until", "2020-01-02") == 0
    assert "No such act." in shell.out


def test_a_chain_that_holds_ends_well_and_tells_its_head(shell: Shell) -> None:
    for number in range(3):
        act_at_once(number)

    assert shell("audit", "verify") == 0
    assert "The chain holds: 3 entries, up to number 3." in shell.out
    head = shell.out.split("head ")[1].strip()
    assert shell("audit", "verify", "--head", head, "--json") == 0
    assert (shell.json["holds"], shell.json["head"]) == (True, head)


def test_a_broken_chain_ends_with_1_and_names_the_first_broken_entry(shell: Shell) -> None:
    for number in range(4):
        act_at_once(number)
    with past_the_triggers() as cursor:
        cursor.execute("UPDATE audit SET actor = 'nobody' WHERE object_id = 'queue:1'")
        cursor.execute("DELETE FROM audit WHERE object_id = 'queue:2'")

    assert shell("audit", "verify") == 1
    changed = shell.out.index("changed    entry 2 (limit.change by nobody)")
    assert changed < shell.out.index("removed    entry 3")
    assert shell("audit", "verify", "--json") == 1
    assert [fault["kind"] for fault in shell.json["faults"]] == ["changed", "removed"]


@pytest.mark.parametrize(
    "words",
    [
        ("show",),
        ("show", "7"),
        ("show", "00000000-0000-7000-8000-000000000001"),
        ("verify", "--head", "x"),
        ("list", "--since", "yesterday"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(shell: Shell, words: tuple[str, ...]) -> None:
    assert shell("audit", *words) == 2
    assert shell.err
