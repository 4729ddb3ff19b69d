"""What each target has of a record."""

from __future__ import annotations

from typing import Any

from admin_ui import render
from admin_ui.deliveries import SHADES, WORDS, said
from sync.models import Delivery, RecordRow


def deliveries(record: RecordRow) -> list[dict[str, Any]]:
    """A table with a row for each target; none where the record goes nowhere."""
    found = Delivery.objects.filter(entity_id=record.entity_id, key_hash=record.key_hash).order_by("target")
    rows = [
        [
            render.link(delivery.target, "sync_delivery_change", delivery.pk),
            delivery.remote_id or render.NONE,
            render.label(delivery.state, SHADES[delivery.state]),
            WORDS[delivery.op],
            said(delivery),
            render.ago(delivery.changed_at),
        ]
        for delivery in found
    ]
    headers = ["Target", "Its id there", "State", "What", "What it said", "Changed"]
    return [{"title": "At targets", "headers": headers, "rows": rows, "empty": ""}] if rows else []
