"""The error groups page: causes with their members, preview, and the acts on all of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from sync.models import ErrorGroup, FailedRecord, Job
from tests import factories
from tests.integration.admin.pages import main_text, page

LIST = "sync_errorgroup_changelist"
SENT = {"_form_submitted": "True"}


def a_group(members: int = 2, **columns: Any) -> ErrorGroup:
    group = factories.error_group(**columns)
    for _ in range(members):
        factories.failed_record(fingerprint=group.fingerprint)
    return group


def detail(group: ErrorGroup) -> str:
    return page("sync_errorgroup_change", group.pk)


def act(client: Client, name: str, group: ErrorGroup, **form: str) -> Any:
    return client.post(page(f"sync_errorgroup_{name}_one", group.pk), {**SENT, **form})


def test_the_list_shows_causes_with_their_members(viewing: Client) -> None:
    a_group(3, owner="olga")

    assert "open shop.gadgets validate too_long name is too long. 3 olga" in main_text(
        viewing.get(page(LIST))
    )


@pytest.mark.parametrize(
    ("query", "number"), [({}, 1), ({"state": "closed"}, 1), ({"state": "asleep"}, 1), ({"state": "all"}, 3)]
)
def test_closed_and_sleeping_ones_are_shown_on_request(
    viewing: Client, query: dict[str, str], number: int
) -> None:
    a_group()
    a_group(state="closed")
    a_group(snoozed_until=factories.now() + timedelta(days=1))

    assert viewing.get(page(LIST), query).context["cl"].result_count == number


def test_the_detail_shows_its_members(viewing: Client) -> None:
    mapping = factories.mapping(no=3)
    group = a_group(1, fixed_in=mapping)

    answer = viewing.get(detail(group))

    shown = main_text(answer)
    assert "mapping v3" in shown
    assert f'href="{page("sync_mapping_change", mapping.pk)}"' in answer.content.decode()
    assert str(FailedRecord.objects.get().id)[:13] in shown


def test_the_detail_of_a_group_of_jobs_shows_them(viewing: Client) -> None:
    group = factories.error_group(kind="job", stage="sync", code="far_end_unavailable")
    job = factories.dead_job(fingerprint=group.fingerprint)

    assert str(job.pk)[:13] in main_text(viewing.get(detail(group)))


def test_all_members_are_run_again(operating: Client) -> None:
    group = a_group()

    act(operating, "retry", group)

    assert Job.objects.get().params["where"]["fingerprint"] == str(group.fingerprint)


def test_all_members_are_discarded(operating: Client) -> None:
    group = a_group()

    act(operating, "discard", group, remark="test rows")

    group.refresh_from_db()
    assert group.state == "closed"
    assert not FailedRecord.objects.filter(state="open").exists()


@pytest.mark.parametrize(
    ("name", "remark", "column", "value"),
    [
        ("own", "", "owner", "olga"),
        ("note", "ask the vendor", "remark", "ask the vendor"),
    ],
)
def test_people_say_what_they_know(
    operating: Client, name: str, remark: str, column: str, value: str
) -> None:
    group = a_group()

    act(operating, name, group, remark=remark)

    group.refresh_from_db()
    assert getattr(group, column) == value


def test_the_mapping_that_fixes_it_is_chosen(operating: Client) -> None:
    group, mapping = a_group(), factories.mapping(no=3)
    factories.mapping("shop.makers", no=7, rules={})

    asked = operating.get(page("sync_errorgroup_fixed_one", group.pk)).content.decode()
    act(operating, "fixed", group, remark="7")
    assert not ErrorGroup.objects.filter(fixed_in__isnull=False), "a mapping of another entity"
    act(operating, "fixed", group, remark="3")

    group.refresh_from_db()
    assert (group.fixed_in, group.state) == (mapping, "resolved")
    assert "v3 (draft, by" in asked
    assert "v7 (" not in asked


def test_without_a_mapping_there_is_none_to_choose(operating: Client) -> None:
    asked = operating.get(page("sync_errorgroup_fixed_one", a_group().pk)).content.decode()

    assert "There is none yet" in asked


def test_it_sleeps_for_days(operating: Client) -> None:
    group = a_group()

    act(operating, "snooze", group, remark="3 until the vendor answers")

    group.refresh_from_db()
    assert group.snoozed_until
    assert group.snoozed_until > factories.now() + timedelta(days=2)


def test_it_does_not_sleep_for_words(operating: Client) -> None:
    group = a_group()

    act(operating, "snooze", group, remark="some days")

    group.refresh_from_db()
    assert group.snoozed_until is None


def test_a_preview_is_shown_and_nothing_is_written(operating: Client) -> None:
    group = a_group()

    shown = main_text(operating.post(detail(group), {"_preview": "1"}))

    assert "of 2 tried (2 are open)" in shown
    assert "fail again: too_long 2" in shown
    assert FailedRecord.objects.filter(state="open", attempts=0).count() == 2


def test_who_may_only_look_gets_no_preview(viewing: Client) -> None:
    assert viewing.post(detail(a_group()), {"_preview": "1"}).status_code == 403


def test_a_closed_one_offers_no_retry(operating: Client) -> None:
    shown = operating.get(detail(a_group(0, state="closed"))).content.decode()

    assert "Retry all" not in shown
    assert "Fixed in" in shown
