"""Finding jobs by name=value: the words of the API's and the shell's filter."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from django.db.models import QuerySet

from sync.errors import InvalidRequest
from sync.jobs.selecting import NAMES, PATH, Selection
from sync.models import Job

BESIDE = {"status": "status", "standing": "status", "kind": "kind", "entity": "entity"}
"""Filters of the list that narrow as much as the words do."""


def by_words(rows: QuerySet[Job], words: str, beside: Mapping[str, str]) -> QuerySet[Job]:
    """The rows that all words find: `code=timeout params.key.id=7`, with quotes where there are blanks.

    Raises InvalidRequest and UnknownEntity as Selection does.
    """
    found = Selection.of({**_beside(beside), **_named(words)})
    return rows.filter(pk__in=found.rows().values("pk"))


def bulk_form(shown: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """What the form of acts on many is filled with, after the list's filters and search; what of these it can't say."""
    given, words = _beside(shown), shown.get("q", "").strip()
    try:
        named = _named(words)
    except InvalidRequest:
        return given, words
    paths = {name.removeprefix(PATH): value for name, value in named.items() if name.startswith(PATH)}
    given |= {name: value for name, value in named.items() if name in NAMES}
    if paths:
        given["params"] = " ".join(shlex.quote(f"{path}={value}") for path, value in paths.items())
    return given, ""


def _beside(shown: Mapping[str, str]) -> dict[str, str]:
    return {BESIDE[name]: shown[name] for name in BESIDE if shown.get(name)}


def _named(words: str) -> dict[str, str]:
    try:
        pairs = [word.partition("=") for word in shlex.split(words)]
    except ValueError:
        raise InvalidRequest("A quote is not closed.", code="bad_parameter") from None
    if not all(equals for _, equals, _ in pairs):
        raise InvalidRequest("Write name=value, such as code=timeout.", code="bad_parameter")
    return {name: value for name, _, value in pairs}
