"""The failed records page: the three shapes, all errors, mend, retry, discard."""

from __future__ import annotations

import html
import json
from typing import Any

import pytest
from django.test import Client

from sync.keys import key_hash
from sync.models import AuditEntry, FailedRecord, Job
from sync.registry import registry
from tests import factories
from tests.integration.admin.pages import main_text, page, text

FAILED = "sync_failedrecord_changelist"
SENT = {"_form_submitted": "True"}


def detail(failed: FailedRecord) -> str:
    return page("sync_failedrecord_change", failed.pk)


def mend(client: Client, failed: FailedRecord, content: Any, button: str = "_save") -> Any:
    words = content if isinstance(content, str) else json.dumps(content)
    return client.post(detail(failed), {"content": words, button: "1"})


def test_the_list_shows_where_and_why_each_failed(viewing: Client) -> None:
    factories.failed_record(times_seen=3)

    shown = main_text(viewing.get(page(FAILED)))

    assert "open shop.gadgets validate too_long name name is too long. 3" in shown


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ({"state": "open"}, 1),
        ({"state": "discarded"}, 1),
        ({"entity": "shop.makers"}, 1),
        ({"stage": "normalize"}, 0),
        ({"state": "open", "entity": "shop.makers"}, 0),
    ],
)
def test_it_filters(viewing: Client, query: dict[str, str], number: int) -> None:
    factories.failed_record("shop.gadgets")
    factories.failed_record("shop.makers", state="discarded")

    assert viewing.get(page(FAILED), query).context["cl"].result_count == number


def test_it_finds_a_record_by_its_key(viewing: Client) -> None:
    key = key_hash(registry.find("shop.gadgets"), {"id": "7"})
    factories.failed_record(key_hash=key)
    factories.failed_record()

    found = viewing.get(page(FAILED), {"entity": "shop.gadgets", "q": "7"}).context["cl"].result_list

    assert [row.key_hash for row in found] == [key]


def test_the_detail_shows_the_three_shapes_and_every_error(viewing: Client) -> None:
    errors = [
        {
            "stage": "validate",
            "code": "too_long",
            "field": "name",
            "message": "It is too long.",
            "value": "xxx",
        },
        {"stage": "validate", "code": "required", "field": "id", "message": "It is missing.", "value": None},
    ]
    failed = factories.failed_record(
        errors=errors, raw=b'{"id": 7, "price": 1.10}', normalized={"price": "1.1"}
    )

    shown = main_text(viewing.get(detail(failed)))

    assert "too_long name It is too long. xxx" in shown
    assert "required id It is missing." in shown
    assert '"price": 1.10' in shown
    assert '"price": "1.1"' in shown
    assert "Mapped it did not get that far" in shown


@pytest.mark.parametrize("raw", [b'{"broken": ', b"\xff\xfe\x00", b'{"name": "\\u0000"}', b"[1, 2]"])
def test_it_shows_whatever_came_in(operating: Client, raw: bytes) -> None:
    failed = factories.failed_record(stage="normalize", normalized=None, raw=raw)

    assert operating.get(detail(failed)).status_code == 200


def test_the_form_holds_what_the_failed_stage_was_given(operating: Client) -> None:
    failed = factories.failed_record(normalized={"id": "7", "price": "1.10"})

    form = operating.get(detail(failed)).context["mend"]

    assert json.loads(form["content"].value()) == {"id": "7", "price": "1.10"}


def test_mending_keeps_the_new_values_and_is_audited(operating: Client) -> None:
    failed = factories.failed_record(normalized={"id": "7", "name": "x" * 41})

    assert mend(operating, failed, {"id": "7", "name": "Lamp"}).status_code == 302

    failed.refresh_from_db()
    assert failed.mended == {"name": "Lamp"}
    assert failed.state == FailedRecord.State.OPEN
    assert AuditEntry.objects.get(act="failed_record.mend").actor == "olga"
    assert not Job.objects.exists()


def test_no_digit_of_a_number_is_lost(operating: Client) -> None:
    failed = factories.failed_record(normalized={"price": None})

    mend(operating, failed, '{"price": 1234567890123456789012345678901234567890.10}')

    failed.refresh_from_db()
    assert failed.mended == {"price": "1234567890123456789012345678901234567890.10"}


def test_a_name_that_is_taken_out_becomes_none(operating: Client) -> None:
    failed = factories.failed_record(normalized={"id": "7", "note": "away with it"})

    mend(operating, failed, {"id": "7"})

    failed.refresh_from_db()
    assert failed.mended == {"note": None}


def test_mend_and_retry_asks_for_a_replay(operating: Client) -> None:
    failed = factories.failed_record()

    mend(operating, failed, {"id": "7", "name": "Lamp"}, button="_retry")

    job = Job.objects.get(kind="replay")
    assert job.params["failed"] == [str(failed.pk)]
    assert set(AuditEntry.objects.values_list("act", flat=True)) == {
        "failed_record.mend",
        "failed_record.retry",
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"id": ', "That is not JSON (line 1"),
        ("[1, 2]", "That is JSON, but no object"),
        ("", "This field is required"),
        ("[" * 100_000, "nested too deep"),
    ],
)
def test_what_cannot_be_read_is_said_and_kept_in_the_form(
    operating: Client, content: str, words: str
) -> None:
    failed = factories.failed_record()

    answer = mend(operating, failed, content)

    assert answer.status_code == 200
    assert words in text(answer)
    assert answer.context["mend"]["content"].value() == content
    failed.refresh_from_db()
    assert failed.mended is None


def test_nothing_changed_is_no_mend(operating: Client) -> None:
    failed = factories.failed_record(normalized={"id": "7"})

    assert "Nothing was changed." in text(mend(operating, failed, {"id": "7"}))


def test_retry_and_discard_by_button(operating: Client) -> None:
    again, away = factories.failed_record(), factories.failed_record("shop.makers")

    operating.post(page("sync_failedrecord_retry_one", again.pk), SENT)
    operating.post(page("sync_failedrecord_discard_one", away.pk), {**SENT, "remark": "a test row"})

    away.refresh_from_db()
    assert Job.objects.get(kind="replay").params["failed"] == [str(again.pk)]
    assert (away.state, away.closed_by, away.remark) == ("discarded", "olga", "a test row")


def test_a_discard_is_taken_back_by_button(operating: Client) -> None:
    gone = factories.failed_record(state="discarded", closed_by="olga", closed_at=factories.now())
    detail = operating.get(page("sync_failedrecord_change", gone.pk)).content.decode()
    assert page("sync_failedrecord_reopen_one", gone.pk) in detail
    assert page("sync_failedrecord_discard_one", gone.pk) not in detail

    operating.post(page("sync_failedrecord_reopen_one", gone.pk), SENT)

    gone.refresh_from_db()
    assert gone.state == "open"


def test_discard_on_many_wants_a_remark(operating: Client) -> None:
    records = [factories.failed_record() for _ in range(2)]
    chosen = {"action": "discard_many", "_selected_action": [str(row.pk) for row in records], **SENT}

    assert "This field is required" in text(operating.post(page(FAILED), chosen))
    assert FailedRecord.objects.filter(state="open").count() == 2

    operating.post(page(FAILED), {**chosen, "remark": "test rows"})
    assert FailedRecord.objects.filter(state="discarded", remark="test rows").count() == 2


def test_a_closed_one_offers_nothing(operating: Client) -> None:
    failed = factories.failed_record(state="fixed", closed_at=factories.now(), closed_by="olga")

    answer = operating.get(detail(failed))

    assert answer.context["mend"] is None
    assert answer.context["actions_detail"] == []
    assert "by olga" in text(answer)


def test_mending_one_that_was_closed_meanwhile_is_told(operating: Client) -> None:
    failed = factories.failed_record(state="superseded")

    mend(operating, failed, {"id": "7"})

    assert "this failed record is superseded" in text(operating.get(detail(failed)))


def test_a_name_that_nothing_reads_is_told_beside_the_form(operating: Client) -> None:
    failed = factories.failed_record()

    answer = mend(operating, failed, {"nmae": "Lamp"})

    assert "Nothing reads 'nmae': did you mean name?" in html.unescape(text(answer))
    failed.refresh_from_db()
    assert failed.mended is None


def test_a_viewer_may_not_mend_retry_or_discard(viewing: Client) -> None:
    failed = factories.failed_record()

    assert viewing.get(detail(failed)).context["mend"] is None
    assert mend(viewing, failed, {"id": "7"}).status_code == 403
    assert viewing.post(page("sync_failedrecord_retry_one", failed.pk), SENT).status_code == 403
    assert viewing.post(page("sync_failedrecord_discard_one", failed.pk), SENT).status_code == 403
    failed.refresh_from_db()
    assert (failed.mended, failed.state) == (None, "open")


def test_it_leads_to_its_group_and_to_the_mappings(viewing: Client) -> None:
    first, fix = factories.mapping(no=1), factories.mapping(no=2)
    group = factories.error_group(fixed_in=fix)
    failed = factories.failed_record(fingerprint=group.fingerprint, mapping=1)

    html = viewing.get(page("sync_failedrecord_change", failed.pk)).content.decode()

    for address in (
        page("sync_errorgroup_change", group.pk),
        page("sync_mapping_change", first.pk),
        page("sync_mapping_change", fix.pk),
    ):
        assert f'href="{address}"' in html


def test_one_that_lost_its_values_is_still_shown(viewing: Client) -> None:
    gone = factories.failed_record(state="discarded", raw=b"", normalized=None, errors=[], closed_by="olga")

    assert "name is too long." in text(viewing.get(page("sync_failedrecord_change", gone.pk)))
