"""`bridge schedules`."""

from __future__ import annotations

from sync.models import AuditEntry, Job, Schedule
from tests import factories
from tests.integration.shell.conftest import Shell


def test_it_lists_them_with_what_is_wrong(shell: Shell) -> None:
    factories.schedule("leap", every=None, cron="0 0 30 2 *")

    assert shell("schedules", "list", "--entity", "shop.gadgets") == 0

    assert "leap" in shell.out
    assert "never fires" in shell.out


def test_one_is_added_edited_switched_run_and_deleted(shell: Shell) -> None:
    add = ("schedules", "add", "mine", "--entity", "shop.gadgets", "--cron", "0 3 * * *")
    assert shell(*add, "--zone", "Europe/Berlin", "--params", '{"full": true}', "--json") == 0
    assert (shell.json["origin"], shell.json["params"]) == ("added", {"full": True})

    assert shell("schedules", "edit", "mine", "--every", "15m", "--overlap", "wait", "--reason", "often") == 0
    assert "00:15:00" in shell.out
    assert (" UTC, " in shell.out, '{"full": true}' in shell.out) == (True, True)
    assert shell("schedules", "off", "mine") == 0
    assert not Schedule.objects.get(name="mine").enabled
    assert shell("schedules", "run", "mine") == 0
    assert str(Job.objects.get().pk) in shell.out
    assert shell("schedules", "delete", "mine") == 0

    assert not Schedule.objects.filter(name="mine").exists()
    acts = list(AuditEntry.objects.order_by("id").values_list("act", flat=True))
    assert acts == [f"schedule.{act}" for act in ("create", "edit", "edit", "run", "delete")]


def test_bad_input_is_one_sentence(shell: Shell) -> None:
    factories.schedule("mine")

    assert shell("schedules", "edit", "mine", "--cron", "0 0 30 2 *") == 2
    assert "[never_fires]" in shell.err
    assert shell("schedules", "edit", "mine", "--params", "{") == 2
    assert "[bad_json]" in shell.err
    assert shell("schedules", "edit", "mine") == 2
    assert "[change_missing]" in shell.err
    assert shell("schedules", "show", "nothing") == 2
    assert "[not_found]" in shell.err
