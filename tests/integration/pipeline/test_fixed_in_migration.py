"""Words that said what fixes a group become the mapping they name; others are kept as a remark."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import connection

from sync.models import ErrorGroup
from tests import factories

migration = import_module("sync.migrations.0018_fixed_in")


@pytest.mark.usefixtures("db")
def test_words_become_the_mapping_they_name() -> None:
    mapping = factories.mapping(no=3)
    words = {
        "mapping v3": (mapping, None),
        "v3": (mapping, None),
        "mapping v4": (None, "fixed in mapping v4"),
        "the vendor's patch of 3 May": (None, "fixed in the vendor's patch of 3 May"),
        "mapping v99999999999": (None, "fixed in mapping v99999999999"),
    }
    groups = {said: factories.error_group() for said in words}
    with connection.cursor() as cursor:
        cursor.execute(migration.BACKWARD)
        for said, group in groups.items():
            cursor.execute("UPDATE error_group SET fixed_in = %s WHERE id = %s", (said, group.pk))

        cursor.execute(migration.FORWARD)

    found = {said: ErrorGroup.objects.get(pk=group.pk) for said, group in groups.items()}
    assert {said: (group.fixed_in, group.remark) for said, group in found.items()} == words
