"""Users and groups: only for those whom Django lets."""

from __future__ import annotations

from django.contrib.auth.models import Group, User
from django.test import Client

from tests import factories
from tests.integration.admin.pages import page


def test_an_administrator_makes_an_operator(administering: Client) -> None:
    form = {
        "username": "otto",
        "usable_password": "true",
        "password1": "correct-horse-9",
        "password2": "correct-horse-9",
    }
    administering.post(page("auth_user_add"), form)
    otto = User.objects.get(username="otto")
    groups = [Group.objects.get(name="Operators").pk]

    joined = {"date_joined_0": "2025-01-01", "date_joined_1": "00:00:00"}
    administering.post(
        page("auth_user_change", otto.pk),
        {"username": "otto", "is_active": "on", "is_staff": "on", "groups": groups, **joined},
    )

    otto = User.objects.get(username="otto")
    assert otto.has_perm("sync.operate_job")
    assert otto.is_staff


def test_the_pages_open_for_an_administrator(administering: Client) -> None:
    user = factories.viewer()
    group = Group.objects.get(name="Viewers")

    for path in (
        page("auth_user_changelist"),
        page("auth_user_change", user.pk),
        page("auth_user_add"),
        page("auth_user_password_change", user.pk),
        page("auth_group_changelist"),
        page("auth_group_change", group.pk),
        page("password_change"),
    ):
        assert administering.get(path).status_code == 200, path


def test_operators_do_not_see_users(operating: Client) -> None:
    assert operating.get(page("auth_user_changelist")).status_code == 403
