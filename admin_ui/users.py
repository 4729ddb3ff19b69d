"""Users and groups, in Unfold's clothes: as Django has them, they would be without boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from admin_ui.page import UnfoldAdmin
from admin_ui.site import site

if TYPE_CHECKING:
    OfUsers = UserAdmin[User]
else:
    OfUsers = UserAdmin  # generic for the type checker only


@admin.register(User, site=site)
class UsersPage(OfUsers, UnfoldAdmin):
    """Who may come in."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_filter = ("is_staff", "is_superuser", "is_active")


@admin.register(Group, site=site)
class GroupsPage(GroupAdmin, UnfoldAdmin):
    """What they may do: Viewers look, Operators act."""
