"""Reads back which messages were taken, by the list: the far end knows none of our ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from bridge.systems.notifications.client import Account, words
from sync.commands import Intent
from sync.errors import TransientError
from sync.http import Answer, raise_for_status

SKEW = timedelta(minutes=5)
"""How far the far end's clock may be off. Messages of earlier commands are told apart by their ids, not by it."""
PAGE = 1000
MOST_PAGES = 20


def written(intent: Intent, sent: Mapping[str, str]) -> list[dict[str, Any]]:
    """The messages that look as this one would, since it was first sent, newest first."""
    if intent.first_sent_at is None:
        return []
    since = intent.first_sent_at - SKEW
    return [one for one in _listed(sent, since) if _alike(one, sent)]


def _listed(sent: Mapping[str, str], since: datetime) -> Iterator[dict[str, Any]]:
    account = Account()
    # Only days are filtered by.
    asked = {"To": sent["To"], "From": sent["From"], "DateSent>": f"{since:%Y-%m-%d}", "PageSize": str(PAGE)}
    for _ in range(MOST_PAGES):
        answer = account.session.request("GET", account.messages, params=asked, module="messages")
        raise_for_status(answer, words)
        messages, following = _page(answer)
        yield from (one for one in messages if parsedate_to_datetime(one["date_created"]) >= since)
        if not following:
            return
        asked = dict(parse_qsl(urlsplit(following).query))
    message = f"{account.session.system} lists more than {PAGE * MOST_PAGES} messages to one number in a day."
    raise TransientError(message, code="bad_envelope")


def _alike(one: Mapping[str, Any], sent: Mapping[str, str]) -> bool:
    media = "1" if "MediaUrl" in sent else "0"
    return (one["to"], one["from"], one["body"], one["num_media"]) == (
        sent["To"],
        sent["From"],
        sent["Body"],
        media,
    )


def _page(answer: Answer) -> tuple[list[dict[str, Any]], str | None]:
    try:
        page = msgspec.json.decode(answer.body)
        for one in page["messages"]:
            parsedate_to_datetime(one["date_created"])
            one["sid"], one["to"], one["from"], one["body"], one["num_media"]
        return page["messages"], page["next_page_uri"]
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        message = f"{answer.system} answered {answer.address} with no list of messages: {answer.excerpt()}"
        raise TransientError(message, code="bad_envelope") from error
