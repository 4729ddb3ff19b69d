"""What all tests share: a clean schema, and no test that needs a program which is not installed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

EARLY = 0.7  # the share of the other files among which those that wait are spread: none of them comes last


@pytest.hookimpl(trylast=True)  # when it is known which tests are run
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files that wait much between those that compute: processes beside each other seldom wait at once."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    waiting = [path for path in files if any(item.get_closest_marker("slow") for item in files[path])]
    order = [path for path in files if path not in waiting]
    apart = EARLY * len(order) / max(1, len(waiting))
    for place, path in reversed(list(enumerate(waiting))):
        order.insert(int(place * apart), path)
    items[:] = [item for path in order for item in files[path]]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, with its reason, what needs a Debian package that is not here."""
    for mark in item.iter_markers("needs"):
        for program in mark.args:
            if shutil.which(program) is None:
                pytest.skip(f"{program} is not installed (.ci/run installs it)")


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The test database, made for `committed` too, which pytest-django's own fixture would not see."""
    from django.test.utils import setup_databases, teardown_databases

    from sync.http import SHARED

    with django_db_blocker.unblock():
        made = setup_databases(
            verbosity=0, interactive=False, aliases={"default": None}, serialized_aliases=[]
        )
    yield
    with django_db_blocker.unblock():
        SHARED.close()
        teardown_databases(made, verbosity=0)


@pytest.fixture(autouse=True)
def full_budgets(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """What a test's requests left in the shared budgets is not there for the next one: it is always committed."""
    from sync.http import SHARED

    before = SHARED.ledger.used_at
    yield
    if SHARED.ledger.used_at == before:
        return
    from django.db import connection

    SHARED.forget()
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM budget")
        cursor.execute("DELETE FROM budget_slot")


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database whose commits are real, emptied before and after: `transactional_db` would not, as `empty` says."""
    with django_db_blocker.unblock():
        empty()
        yield
        empty()


def empty() -> None:
    """Empty every table of the schema but what `migrate` itself fills; reset trackers and limits."""
    from sync.testing.emptying import empty as emptied

    emptied()
