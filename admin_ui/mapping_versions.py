"""How other pages speak of a mapping: a link to it, and the versions to choose from."""

from __future__ import annotations

from django.utils.safestring import SafeString

from admin_ui import render
from sync.models import Mapping

MOST = 100  # newest ones to choose from


def version_link(mapping: Mapping | None) -> str | SafeString:
    """Its number, leading to its page."""
    if mapping is None:
        return render.NONE
    return render.link(f"mapping v{mapping.no}", "sync_mapping_change", mapping.pk)


def version_of(entity_id: int, no: int) -> str | SafeString:
    """The same for a number that a row carries: 0 is the declaration alone."""
    if no == 0:
        return "the declaration alone"
    return version_link(Mapping.objects.filter(entity_id=entity_id, no=no).first())


def versions(entity_id: int | None) -> list[tuple[str, str]]:
    """The mappings of an entity, newest first: number and words."""
    rows = (
        Mapping.objects.filter(entity_id=entity_id).order_by("-no") if entity_id else Mapping.objects.none()
    )
    return [(str(one.no), f"v{one.no} ({one.state}, by {one.made_by})") for one in rows[:MOST]]
