"""Which entries somebody wants to see: the same filters for API and shell."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from sync.models import AuditEntry

EXACT = ("actor", "door", "object_type", "object_id", "request_id")


def selected(
    *,
    act: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    **exact: str | None,
) -> QuerySet[AuditEntry]:
    """Entries with their links, the newest first. `act` may end in a dot: `job.` is all acts on jobs.

    `since` is included, `until` is not; `exact` takes the names of EXACT.
    """
    rows = AuditEntry.objects.select_related("link").order_by("-id")
    rows = rows.filter(**{name: exact[name] for name in EXACT if exact.get(name) is not None})
    if act is not None:
        rows = rows.filter(act__startswith=act) if act.endswith(".") else rows.filter(act=act)
    if since is not None:
        rows = rows.filter(at__gte=since)
    return rows if until is None else rows.filter(at__lt=until)
