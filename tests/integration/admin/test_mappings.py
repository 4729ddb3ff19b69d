"""The page of mappings: drafted and edited as JSON, the rehearsal as a table, the buttons."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from sync.models import Job, Mapping
from tests import factories
from tests.integration.admin.pages import main_text, page

RULES: dict[str, Any] = {"fields": {"note": {"clean": ["lower"]}}}
RESULT: dict[str, Any] = {
    "counts": {
        "records": 3,
        "unchanged": 1,
        "changed": 1,
        "would_fail": 1,
        "would_wait": 0,
        "not_kept": 0,
        "mended_by_hand": 0,
        "failed_records": 0,
        "would_be_mended": 0,
        "still_failing": 0,
    },
    "diffs": [{"key": "7", "fields": {"note": {"before": "LOUD", "after": "loud"}}}],
    "more_diffs": 1200,
    "faults": [{"record": "ab", "stage": "validate", "code": "too_long", "field": "note", "message": "long"}],
    "more_faults": 0,
}


def test_an_operator_drafts(operating: Client) -> None:
    given = {"entity": "shop.gadgets", "rules": json.dumps(RULES)}

    response = operating.post(page("sync_mapping_add"), given)

    mapping = Mapping.objects.get()
    assert response["Location"] == page("sync_mapping_change", mapping.pk)
    assert (mapping.rules, mapping.made_by) == (RULES, "olga")


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("{", "That is not JSON"),
        ('{"drop": ["id", "no"]}', "drop: 'no' is not a field"),
        ("[]", "JSON object"),
    ],
)
def test_what_is_wrong_with_the_rules_is_shown(operating: Client, rules: str, said: str) -> None:
    drafted = operating.post(page("sync_mapping_add"), {"entity": "shop.gadgets", "rules": rules})
    edited = operating.post(page("sync_mapping_change", factories.mapping().pk), {"rules": rules})

    assert said in main_text(drafted)
    assert said in main_text(edited)


def test_a_draft_is_edited(operating: Client) -> None:
    mapping = factories.mapping()

    operating.post(page("sync_mapping_change", mapping.pk), {"rules": json.dumps(RULES)})

    mapping.refresh_from_db()
    assert mapping.rules == RULES


def test_a_viewer_neither_drafts_nor_edits(viewing: Client) -> None:
    mapping = factories.mapping()

    assert viewing.get(page("sync_mapping_add")).status_code == 403
    answer = viewing.post(page("sync_mapping_change", mapping.pk), {"rules": json.dumps(RULES)})
    assert answer.status_code == 403


def test_the_rehearsal_is_shown_row_by_row(viewing: Client) -> None:
    mapping = factories.mapping()
    factories.job(kind="rehearse", params={"mapping": mapping.pk}, status="success", result=RESULT)

    shown = main_text(viewing.get(page("sync_mapping_change", mapping.pk)))

    assert "7 note LOUD loud" in shown
    assert "1,200 more not shown" in shown
    assert "validate too_long long" in shown


def test_a_row_that_was_not_there_is_told_in_one_line(viewing: Client) -> None:
    mapping, failed = factories.mapping(), factories.failed_record()
    fields = {name: {"before": None, "after": value} for name, value in (("price", "3"), ("name", "Lamp"))}
    diff = {"key": "9", "failed_record": str(failed.pk), "fields": fields}
    result = {**RESULT, "diffs": [diff]}
    factories.job(kind="rehearse", params={"mapping": mapping.pk}, status="success", result=result)

    answer = viewing.get(page("sync_mapping_change", mapping.pk))

    assert "9 all refused name: Lamp · price: 3" in main_text(answer)
    assert page("sync_failedrecord_change", failed.pk) in answer.content.decode()


def test_the_buttons_act(operating: Client) -> None:
    mapping = factories.mapping()

    def press(name: str) -> None:
        shown = page("sync_mapping_change", mapping.pk).removesuffix("change/")
        operating.post(f"{shown}{name}/", {"_form_submitted": "True"})

    for name in ("rehearse", "activate", "remap", "replay", "retire"):
        press(name)

    mapping.refresh_from_db()
    assert mapping.state == "retired"
    assert sorted(Job.objects.values_list("kind", flat=True)) == ["rehearse", "remap"]


@pytest.mark.parametrize(("state", "offered"), [("draft", "Switch on"), ("active", "Remap records")])
def test_only_what_makes_sense_is_offered(operating: Client, state: str, offered: str) -> None:
    mapping = factories.mapping(state=state)

    html = operating.get(page("sync_mapping_change", mapping.pk)).content.decode()

    assert [title for title in ("Switch on", "Remap records") if f">{title}<" in html or title in html] == [
        offered
    ]
