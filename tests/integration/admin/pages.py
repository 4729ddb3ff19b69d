"""How tests speak of the pages."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

LISTS = {
    "jobs": "sync_job_changelist",
    "failed records": "sync_failedrecord_changelist",
    "error groups": "sync_errorgroup_changelist",
    "commands": "sync_command_changelist",
    "batches": "sync_batch_changelist",
    "backfills": "sync_backfill_changelist",
    "lanes": "sync_lanerow_changelist",
    "limits": "sync_scopelimit_changelist",
    "workers": "sync_worker_changelist",
    "trackers": "sync_tracker_changelist",
    "schedules": "sync_schedule_changelist",
    "budgets": "sync_budget_changelist",
    "pending children": "sync_pendingchild_changelist",
    "mappings": "sync_mapping_changelist",
    "deletes": "sync_deleteproposal_changelist",
    "records": "sync_recordrow_changelist",
    "webhooks": "sync_inbound_changelist",
    "drift": "sync_sourcecolumn_changelist",
    "audit": "sync_auditentry_changelist",
}


def page(name: str, *args: Any) -> str:
    """The path of a page of the admin."""
    return reverse(f"admin:{name}", args=args)


def text(response: Any) -> str:
    """What a reader sees: the page's text without tags, blanks joined."""
    assert isinstance(response, HttpResponse)
    html = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def main_text(response: Any) -> str:
    """The text of the page's own part, without the menu."""
    html = response.content.decode()
    return text(HttpResponse(html[html.index('id="content"') :]))
