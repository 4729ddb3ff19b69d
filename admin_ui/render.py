"""Pieces of HTML that several pages show: moments, spans of time, JSON, labels, links."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

NONE = "–"
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
JOB_LABELS = {
    "pending": "info",
    "processing": "primary",
    "success": "success",
    "failed": "danger",
    "cancelled": "",
    "resolved": "",
}


def ago(moment: datetime | None) -> str | SafeString:
    """How long ago (or until when), with the exact moment on hover."""
    if moment is None:
        return NONE
    distance = (timezone.now() - moment).total_seconds()
    # The database's clock may be a moment ahead of ours.
    words = f"{span(distance)} ago" if distance > -1 else f"in {span(-distance)}"
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), stamp(moment), words)


def stamp(moment: datetime | None) -> str:
    """The moment to the second, in UTC."""
    return NONE if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def both(moment: datetime | None) -> str | SafeString:
    """The moment and how long ago it was."""
    if moment is None:
        return NONE
    return format_html('{} <span class="b-quiet">{}</span>', stamp(moment), ago(moment))


def span(seconds: float | timedelta | None) -> str:
    """A length of time in its two largest units; under ten seconds with a decimal."""
    if seconds is None:
        return NONE
    rest = max(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds, 0.0)  # clocks differ
    if rest < 10:
        return f"{rest:.1f} s"
    parts: list[str] = []
    whole = int(rest)
    for size, unit in _UNITS:
        if whole >= size and len(parts) < 2:
            parts.append(f"{whole // size} {unit}")
            whole %= size
    return " ".join(parts)


def number(value: int | None) -> str:
    """With thousands set apart."""
    return NONE if value is None else f"{value:,}"


def block(value: Any) -> str | SafeString:
    """JSON (or text as it is) in a box that scrolls."""
    if value is None or value == "":
        return NONE
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return format_html('<pre class="b-code">{}</pre>', text)


def line(text: str) -> SafeString:
    """Code in one line, cut where it is long; all of it on hover."""
    return format_html('<span class="b-cut b-json" title="{}">{}</span>', text, text)


def cut(text: str, *, short: bool = False) -> SafeString:
    """Words in one line, cut where it is long; all of it on hover."""
    style = "b-cut b-short" if short else "b-cut"
    return format_html('<span class="{}" title="{}">{}</span>', style, text, text)


def moment(when: datetime | None) -> SafeString:
    """The moment to the second, in UTC, in one line: for tables."""
    return format_html('<span class="b-whole">{}</span>', stamp(when))


def label(text: str, variant: str = "") -> SafeString:
    """A coloured label: info, primary, success, warning, danger, or plain."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": variant})


def link(text: Any, page: str, *args: Any, **query: Any) -> SafeString:
    """A link to one of our pages: `link("3", "sync_job_changelist", dead="yes")`."""
    return format_html('<a href="{}" class="b-link">{}</a>', address(page, *args, **query), text)


def address(page: str, *args: Any, **query: Any) -> str:
    """The path of one of our pages."""
    path = reverse(f"admin:{page}", args=args)
    return f"{path}?{urlencode(query)}" if query else path
