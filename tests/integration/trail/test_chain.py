"""Every act that commits adds its link to the one chain; an act that does not leaves nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import InternalError, ProgrammingError, connection, transaction

from sync import audit
from sync.jobs import limit_acts
from sync.models import AuditEntry, AuditLink
from sync.trail.chain import ends
from sync.trail.link import GENESIS
from sync.trail.verify import verify
from tests.integration.jobs.conftest import database_url, together
from tests.integration.trail.conftest import OLGA, act

FORWARD = Path(__file__).parents[3] / "sync/migrations/0031_audit_chain.sql"
ACTS = 25
CHANGES = """
import sys, django
django.setup()
from sync.audit import Actor
from sync.jobs import limit_acts
for number in range(2, int(sys.argv[2]) + 2):
    limit_acts.change(sys.argv[1], most=number, by=Actor(name="olga", door="shell"), reason="more")
"""


def test_an_empty_audit_holds(committed: None) -> None:
    found = verify()

    assert (found.holds, found.entries, str(found.head)) == (True, 0, f"0:{GENESIS.hex()}")


def test_acts_are_numbered_in_the_order_of_their_commits(five: list[str]) -> None:
    found = verify()

    assert (found.holds, found.entries, found.head.seq) == (True, 5, 5)
    assert list(AuditLink.objects.values_list("seq", flat=True)) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "value",
    [
        {"name": 'quote " slash \\ line\nbell \x07 del \x7f', "empty": "", "none": None},
        {"ä": "Zoë 東京 🙂", "\u2028": "\u2029\ud7ff\uffff"},
        {"z": 1, "aa": [1.50, 1e300, -0.0, 10**30], "b": {"deep": [[], {}]}},
        [],
        "text",
        0,
    ],
)
def test_it_reads_an_entry_as_the_database_did(committed: None, value: Any) -> None:
    with transaction.atomic():
        AuditEntry.objects.create(
            act="x", object_type="o", object_id="\t", actor="Zoë\\", door="", before=value, reason="\r\n"
        )

    assert verify().holds


def test_an_act_that_is_rolled_back_leaves_neither_entry_nor_gap(committed: None) -> None:
    act(1)
    with transaction.atomic():
        limit_acts.change("entity:shop.gadgets", most=7, by=OLGA)
        transaction.set_rollback(True)
    act(2)

    found = verify()

    assert (found.holds, found.head.seq, AuditEntry.objects.count()) == (True, 2, 2)


def test_several_acts_of_a_transaction_have_a_link_each(committed: None) -> None:
    with transaction.atomic():
        for number in range(3):
            act(number)

    assert (verify().holds, verify().head.seq) == (True, 3)


def test_two_processes_that_act_at_once_write_one_chain(committed: None) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": database_url()}
    scopes = ("entity:shop.gadgets", "entity:shop.parts")
    started = [
        subprocess.Popen([sys.executable, "-c", CHANGES, scope, str(ACTS)], env=environment)
        for scope in scopes
    ]
    assert [process.wait(60) for process in started] == [0, 0]

    found = verify()
    assert (found.holds, found.entries, found.head.seq) == (True, 2 * ACTS, 2 * ACTS)


def test_a_look_is_not_disturbed_by_acts_that_commit_meanwhile(five: list[str]) -> None:
    looks: list[bool] = []

    def do(index: int) -> None:
        for number in range(20):
            act(number) if index else looks.append(verify().holds)

    together(3, do)

    assert looks == [True] * 20
    assert verify().entries == 45


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'nobody'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "UPDATE audit_link SET hash = ''",
        "DELETE FROM audit_link",
        "TRUNCATE audit_link",
    ],
)
def test_the_database_refuses_to_change_it(five: list[str], statement: str) -> None:
    with (
        pytest.raises((ProgrammingError, InternalError), match="only added to"),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert verify().holds


def test_secrets_are_in_neither_values_nor_reason(committed: None) -> None:
    with transaction.atomic():
        after = {"params": {"api_key": "k-123", "page": 2}}
        audit.record("x.y", "job", "1", by=OLGA, reason="it was password=hunter2", after=after)

    entry = AuditEntry.objects.get()
    assert entry.after == {"params": {"api_key": "***", "page": 2}}
    assert entry.reason == "it was password=***"


def test_entries_from_before_the_chain_are_taken_into_it(five: list[str]) -> None:
    from importlib import import_module

    back = import_module("sync.migrations.0031_audit_chain").BACK
    with connection.cursor() as cursor:
        cursor.execute(back)
        cursor.execute(
            "INSERT INTO audit (id, at, actor, door, act, object_type, object_id) VALUES"
            " ('00000000-0000-7000-8000-000000000001', '2024-02-29T23:59:59.5+02', 'x', '', '', '', '')"
        )
        cursor.execute(FORWARD.read_text())

    found = verify()

    assert (found.holds, found.entries) == (True, 6)
    assert str(AuditLink.objects.earliest("seq").entry_id).endswith("0001")
    act(6)
    assert (verify().holds, ends()[1].seq) == (True, 7)
