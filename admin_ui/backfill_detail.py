"""The tables of a backfill's page: its days, its counts, the windows that are read or failed."""

from __future__ import annotations

from admin_ui import render
from admin_ui.job_detail import Table
from sync.backfill.progress import counts_of
from sync.models import Backfill, BackfillWindow

MOST_WINDOWS = 100
STATES = {"open": "", "running": "primary", "done": "success", "failed": "danger"}
_State = BackfillWindow.State


def tables(backfill: Backfill) -> list[Table]:
    """Windows, days and counts: each with a title, headers, rows and what to say where there are none."""
    return [_windows(backfill), _days(backfill), _counts(backfill)]


def _windows(backfill: Backfill) -> Table:
    live = backfill.windows.filter(state__in=(_State.RUNNING, _State.FAILED)).order_by("no")
    rows = [
        [
            window.no,
            render.label(window.state, STATES[window.state]),
            f"{window.low} … {window.high}",
            render.number(window.rows),
            render.link("job", "sync_job_change", window.job_id) if window.job_id else render.NONE,
            window.remark or render.NONE,
        ]
        for window in live[:MOST_WINDOWS]
    ]
    headers = ["No.", "State", "Range", "Rows", "Job", "Remark"]
    empty = "None is being read."
    return {"title": "Windows that are read or failed", "headers": headers, "rows": rows, "empty": empty}


def _days(backfill: Backfill) -> Table:
    rows = [[row.day.isoformat(), render.number(row.rows)] for row in backfill.days.order_by("-day")]
    return {"title": "Days (UTC)", "headers": ["Day", "Rows"], "rows": rows, "empty": "None yet."}


def _counts(backfill: Backfill) -> Table:
    rows = [[name.replace("_", " "), render.number(number)] for name, number in counts_of(backfill).items()]
    return {
        "title": "Rows of the windows that are done",
        "headers": ["What", "Rows"],
        "rows": rows,
        "empty": "",
    }
