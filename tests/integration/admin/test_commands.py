"""The page of commands."""

from __future__ import annotations

from django.test import Client

from sync.models import Command
from tests import factories
from tests.integration.admin.pages import LISTS, main_text, page

SENT = {"_form_submitted": "1"}
LIST = page(LISTS["commands"])


def test_it_lists_what_is_known_of_each_effect(viewing: Client) -> None:
    factories.command("proven", remote_id="E7", remote_status="delivered")
    factories.command("unknown", job=factories.dead_job(None, kind="command", error="no answer"))

    shown = main_text(viewing.get(LIST))

    assert "shop.mail proven" in shown
    assert "E7, delivered" in shown
    assert "no answer" in shown
    assert "E7" not in main_text(viewing.get(f"{LIST}?state=unknown"))


def test_one_shows_its_ledger_and_hides_secrets(viewing: Client) -> None:
    command = factories.command(payload={"to": "Ann", "password": "hunter2"})

    shown = main_text(viewing.get(page("sync_command_change", command.pk)))

    assert "Asked for by carol." in shown
    assert ("***" in shown, "hunter2" in shown) == (True, False)


def test_one_shows_what_was_said_to_the_far_end(viewing: Client) -> None:
    job = factories.dead_job(None, kind="command")
    command = factories.command("unknown", job=job)
    factories.exchange(job)
    factories.exchange(factories.dead_job(), address="http://elsewhere.test/")

    shown = main_text(viewing.get(page("sync_command_change", command.pk)))

    assert ("http://shop.test/things" in shown, "no such lamp" in shown, "elsewhere" in shown) == (
        True,
        True,
        False,
    )
    assert "Exchanges" not in main_text(viewing.get(page("sync_command_change", factories.command().pk)))


def test_lists_of_jobs_say_which_command_one_sends(viewing: Client) -> None:
    factories.dead_job(None, kind="command", params={"command": "shop.mail", "id": "1"})

    for name in (LISTS["jobs"], "dead_jobs"):
        assert "shop.mail" in main_text(viewing.get(page(name))), name


def test_its_job_leads_to_it(viewing: Client) -> None:
    job = factories.dead_job(None, kind="command")
    command = factories.command("unknown", job=job)

    shown = viewing.get(page("sync_job_change", job.pk))

    assert page("sync_command_change", command.pk) in shown.content.decode()
    assert f"Command shop.mail {command.pk}" in main_text(shown)


def test_an_unknown_one_is_settled_with_a_remark(operating: Client) -> None:
    command = factories.command("unknown", job=factories.dead_job(None, kind="command"))
    path = page("sync_command_proven_one", command.pk)

    operating.post(path, {**SENT, "remark": ""})
    assert Command.objects.get().state == "unknown"
    operating.post(path, {**SENT, "remark": "It is on their list."})

    assert Command.objects.get().state == "proven"


def test_who_may_only_look_settles_nothing(viewing: Client) -> None:
    command = factories.command("unknown")

    viewing.post(page("sync_command_proven_one", command.pk), {**SENT, "remark": "so it is"})

    assert Command.objects.get().state == "unknown"


def test_only_the_acts_that_make_sense_are_offered(operating: Client) -> None:
    waiting = factories.command(job=factories.job(None, kind="command", hold="approval"))
    proven, refused = factories.command("proven", kind="shop.pay"), factories.command("refused")
    for_ever, taken_back = factories.command("proven"), factories.command("proven", kind="shop.pay")
    gone = factories.command("proven", kind="shop.gone")
    factories.command(compensates=taken_back)

    offered = {
        one.pk: [
            act
            for act in ("approve", "reject", "compensate", "proven", "not_done")
            if page(f"sync_command_{act}_one", one.pk)
            in operating.get(page("sync_command_change", one.pk)).content.decode()
        ]
        for one in (waiting, proven, refused, for_ever, taken_back, gone)
    }

    none: dict[object, list[str]] = {one.pk: [] for one in (refused, for_ever, taken_back, gone)}
    assert offered == {waiting.pk: ["approve", "reject"], proven.pk: ["compensate"], **none}


def test_they_are_found_by_their_name_and_client(viewing: Client) -> None:
    factories.command()
    factories.command(kind="shop.pay", client="dave")

    for query in ({"kind": "shop.pay"}, {"q": "dave"}):
        assert viewing.get(page("sync_command_changelist"), query).context["cl"].result_count == 1


def test_one_that_waits_for_a_person_is_rejected(operating: Client) -> None:
    command = factories.command(job=factories.job(None, kind="command", hold="approval"))

    operating.post(page("sync_command_reject_one", command.pk), {**SENT, "remark": "too much"})

    command.refresh_from_db()
    assert command.state == "refused"
