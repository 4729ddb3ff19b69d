"""Users and groups: only for those whom Django lets."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from sync.models import AuditEntry
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


def test_who_comes_in_and_what_they_may_do_is_audited(administering: Client) -> None:
    test_an_administrator_makes_an_operator(administering)

    made, edited = AuditEntry.objects.order_by("id")
    assert made.after
    assert edited.before
    assert edited.after
    assert (made.act, made.object_id, made.after["username"]) == ("user.create", "otto", "otto")
    assert (made.after["staff"], made.after["groups"]) == (False, [])
    assert (edited.act, edited.actor, edited.door) == ("user.edit", "anna", "admin")
    assert (edited.before["groups"], edited.after["groups"]) == ([], ["Operators"])
    assert (edited.before["staff"], edited.after["staff"]) == (False, True)


def test_a_new_password_is_audited_without_it(administering: Client) -> None:
    user = factories.viewer()
    given = {"password1": "correct-horse-9", "password2": "correct-horse-9", "usable_password": "true"}

    administering.post(page("auth_user_password_change", user.pk), {**given, "set-password": "1"})

    user.refresh_from_db()
    assert user.check_password("correct-horse-9")
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.object_id, entry.before, entry.after) == (
        "user.password",
        user.username,
        None,
        None,
    )


def test_ones_own_password_is_audited_when_it_was_changed(viewing: Client) -> None:
    given = {"old_password": "pass", "new_password1": "correct-horse-9", "new_password2": "correct-horse-8"}

    viewing.post(page("password_change"), given)
    assert not AuditEntry.objects.exists()
    viewing.post(page("password_change"), {**given, "new_password2": "correct-horse-9"})

    assert AuditEntry.objects.get().act == "user.password"


def test_who_goes_is_audited(administering: Client) -> None:
    user, group = factories.viewer(), Group.objects.create(name="Guests")

    administering.post(page("auth_user_delete", user.pk), {"post": "yes"})
    many = {"action": "delete_selected", "_selected_action": [group.pk], "post": "yes"}
    administering.post(page("auth_group_changelist"), many)

    assert list(AuditEntry.objects.order_by("id").values_list("act", "object_id")) == [
        ("user.delete", user.username),
        ("group.delete", "Guests"),
    ]


def test_other_rights_of_a_group_are_audited(administering: Client) -> None:
    group = Group.objects.create(name="Guests")
    operate = Permission.objects.get(codename="operate_job")

    administering.post(page("auth_group_change", group.pk), {"name": "Guests", "permissions": [operate.pk]})

    entry = AuditEntry.objects.get()
    assert entry.before
    assert entry.after
    assert (entry.act, entry.before["permissions"], entry.after["permissions"]) == (
        "group.edit",
        [],
        ["operate_job"],
    )
