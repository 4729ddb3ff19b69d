"""Who may look and who may act: two permissions, and a group for each."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.db.models.signals import post_migrate
from django.http import HttpRequest

from sync.audit import Actor

VIEWERS = "Viewers"
OPERATORS = "Operators"
OPERATE = "sync.operate_job"


def may_operate(request: HttpRequest) -> bool:
    """Whether this user may sync, re-run, cancel, resolve, mend, retry, discard and edit schedules."""
    return request.user.has_perm(OPERATE)


def require_operate(request: HttpRequest) -> None:
    """Raise PermissionDenied (403) where the user may only look."""
    if not may_operate(request):
        raise PermissionDenied


def actor(request: HttpRequest) -> Actor:
    """Who acts, for the audit: the user at the door `admin`, with the id of the request."""
    return Actor(
        name=request.user.get_username(), door="admin", request_id=getattr(request, "request_id", None)
    )


def connect() -> None:
    """Keep the groups after `migrate`."""
    # The engine's app, not ours: without models of our own no signal is sent for us. Django's own
    # receiver, connected earlier, has made the permissions by then.
    post_migrate.connect(keep_groups, sender=apps.get_app_config("sync"), dispatch_uid="admin_ui.groups")


def keep_groups(using: str = "default", **_: Any) -> None:
    """Make the groups where they are missing and give them what they are for; more permissions stay."""
    of_engine = Permission.objects.using(using).filter(content_type__app_label="sync")
    look = list(of_engine.filter(codename__startswith="view_"))
    operate = list(of_engine.filter(codename=OPERATE.partition(".")[2]))
    for name, permissions in ((VIEWERS, look), (OPERATORS, look + operate)):
        group, _made = Group.objects.using(using).get_or_create(name=name)
        group.permissions.add(*permissions)
