"""Finding jobs by name=value: the words of the API's and the shell's filter."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from django.db.models import QuerySet

from sync.errors import InvalidRequest
from sync.jobs.selecting import Selection
from sync.models import Job

BESIDE = {"status": "status", "standing": "status", "kind": "kind", "entity": "entity"}
"""Filters of the list that narrow as much as the words do."""


def by_words(rows: QuerySet[Job], words: str, beside: Mapping[str, str]) -> QuerySet[Job]:
    """The rows that all words find: `code=timeout params.key.id=7`, with quotes where there are blanks.

    Raises InvalidRequest and UnknownEntity as Selection does.
    """
    try:
        pairs = [word.partition("=") for word in shlex.split(words)]
    except ValueError:
        raise InvalidRequest("A quote is not closed.", code="bad_parameter") from None
    if not all(equals for _, equals, _ in pairs):
        raise InvalidRequest("Write name=value, such as code=timeout.", code="bad_parameter")
    given = {BESIDE[name]: value for name, value in beside.items() if name in BESIDE and value}
    found = Selection.of({**given, **{name: value for name, _, value in pairs}})
    return rows.filter(pk__in=found.rows().values("pk"))
