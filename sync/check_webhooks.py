"""What is wrong in the declaration of a webhook, and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from sync.check_limits import Wrong
from sync.declare import Entity, Signed, Webhook
from sync.registry import Registered

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_PARTS = {"id", "timestamp", "body"}


def wrong_webhook(registered: Registered) -> Iterator[Wrong]:
    """One finding for each fault of the entity's webhook."""
    webhook = registered.entity.webhook
    if webhook is not None:
        for message, hint in (*_faults(registered.entity, webhook), *of_signature(webhook.signed)):
            yield "E021", f"its webhook {message}", hint


def _faults(entity: Entity, webhook: Webhook) -> Iterator[tuple[str, str]]:
    if set(webhook.key) != set(entity.key):
        yield "does not name the whole key", f"key= must say where these are: {', '.join(entity.key)}."
    orders = entity.fields.get(entity.version or entity.cursor or "")
    if webhook.row and webhook.at is None and orders is None:
        hint = "Say with at= when it happened, or leave out row=: the record is then asked for by its key."
        yield "has rows of an entity without versions, so a late one would overwrite newer data", hint
    if webhook.act and webhook.at is None:
        hint = "Say with at= when it happened there."
        yield "tells of deletes, and a late one would delete a record that came back", hint
    if webhook.act and entity.deletes is None:
        yield "tells of deletes, but its records are never deleted", "Leave out act=, or deletes=None."
    if webhook.version and (orders is None or orders.kind != "integer"):
        yield "has a version of deletes that compares with nothing", "It needs an Integer as version=."
    if webhook.largest < 1:
        yield f"takes at most {webhook.largest} bytes", "At least one."


def of_signature(signed: Signed) -> Iterator[tuple[str, str]]:
    """What is wrong with how it is signed, and what to do about it."""
    yield from of_variable(signed.variable)
    if "body" not in signed.signs or "timestamp" not in signed.signs or set(signed.signs) - _PARTS:
        hint = "Of id, timestamp and body the last two are needed: else anything could be sent again."
        yield f"has a signature over {signed.signs}", hint
    if signed.window <= timedelta(0):
        yield f"has a window of {signed.window}", "More than nothing, such as minutes(5)."


def of_variable(name: str) -> Iterator[tuple[str, str]]:
    """What is wrong with the variable of a secret, and what to do about it."""
    if not _VARIABLE.fullmatch(name):
        hint = "Such as SHOP_WEBHOOK_SECRET: the secret itself never stands in a declaration."
        yield f"has its secret in {name!r}, which is no environment variable's name", hint
