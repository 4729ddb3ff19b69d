"""Two permissions, a group for each."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission

from admin_ui.access import OPERATORS, VIEWERS, keep_groups

pytestmark = pytest.mark.django_db


def codenames(group: str) -> set[str]:
    return set(Group.objects.get(name=group).permissions.values_list("codename", flat=True))


def test_viewers_may_look_at_everything_of_the_engine_and_do_nothing() -> None:
    assert {"view_job", "view_failedrecord", "view_recordrow", "view_auditentry"} <= codenames(VIEWERS)
    assert all(name.startswith("view_") for name in codenames(VIEWERS))


def test_operators_may_look_and_operate() -> None:
    assert codenames(OPERATORS) == codenames(VIEWERS) | {"operate_job"}


def test_what_a_group_was_given_besides_stays() -> None:
    more = Permission.objects.get(codename="view_user")
    Group.objects.get(name=VIEWERS).permissions.add(more)

    keep_groups()

    assert "view_user" in codenames(VIEWERS)
