"""Users and groups, in Unfold's clothes: as Django has them, they would be without boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from admin_ui.page import UnfoldAdmin
from admin_ui.people import AuditedPeople
from admin_ui.site import site

if TYPE_CHECKING:
    OfUsers = UserAdmin[User]
else:
    OfUsers = UserAdmin  # generic for the type checker only


@admin.register(User, site=site)
class UsersPage(AuditedPeople, OfUsers, UnfoldAdmin):
    """Who may come in."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_filter = ("is_staff", "is_superuser", "is_active")

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        """Another password for somebody, with its entry in the audit."""
        with transaction.atomic():
            return super().user_change_password(request, id, form_url)


@admin.register(Group, site=site)
class GroupsPage(AuditedPeople, GroupAdmin, UnfoldAdmin):
    """What they may do: Viewers look, Operators act."""
