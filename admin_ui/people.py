"""Users and groups in the audit: who may come in, and what they may do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import Group, Permission, User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from admin_ui.access import actor
from sync import audit

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    OfPeople = ModelAdmin[Any]
else:
    OfPeople = object  # mixed into pages whose other bases are Django's

_BEFORE = "_before"


class AuditedPeople(OfPeople):
    """Each change that is made on the page writes its entry in the same transaction."""

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        """Look at what is stored before anything is written: `log_change` needs it."""
        saved = super().save_form(request, form, change)
        if change:
            setattr(saved, _BEFORE, facts(type(saved)._default_manager.get(pk=saved.pk)))
        return saved

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Somebody new."""
        _record(request, "create", obj, after=facts(obj))
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Other rights, another name; without a form of ours before it, another password."""
        before = vars(obj).pop(_BEFORE, None)
        if before is None:
            _record(request, "password", obj)
        else:
            _record(request, "edit", obj, before=before, after=facts(obj))
        return super().log_change(request, obj, message)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """One goes."""
        with transaction.atomic():
            _record(request, "delete", obj, before=facts(obj))
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Many go."""
        with transaction.atomic():
            for obj in queryset:
                _record(request, "delete", obj, before=facts(obj))
            super().delete_queryset(request, queryset)


def password_changed(request: HttpRequest, answer: HttpResponse) -> None:
    """Note that a user has changed their own, where the form was accepted."""
    if request.method == "POST" and answer.status_code == 302:
        _record(request, "password", request.user)


def facts(obj: User | Group) -> dict[str, Any]:
    """What counts of a user or a group; never a password."""
    if isinstance(obj, Group):
        return {"name": obj.name, "permissions": _named(obj.permissions.all())}
    return {
        "username": obj.username,
        "email": obj.email,
        "active": obj.is_active,
        "staff": obj.is_staff,
        "superuser": obj.is_superuser,
        "groups": sorted(group.name for group in obj.groups.all()),
        "permissions": _named(obj.user_permissions.all()),
    }


def _named(permissions: Iterable[Permission]) -> list[str]:
    return sorted(permission.codename for permission in permissions)


def _record(request: HttpRequest, act: str, obj: Any, **states: Any) -> None:
    kind = obj._meta.model_name
    audit.record(f"{kind}.{act}", kind, str(obj), by=actor(request), **states)
