"""A message as it is asked for, and the form that it goes out in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from sync.commands import Intent

WHATSAPP = "whatsapp:"
ADDRESS = r"^(whatsapp:)?\+[1-9][0-9]{6,14}$"
LONGEST = 1600


class MessagePayload(serializers.Serializer[Any]):
    """A message to one person, as a text message or by WhatsApp."""

    to = serializers.RegexField(ADDRESS, help_text="+436601234567, or whatsapp:+436601234567")
    body = serializers.CharField(max_length=LONGEST)
    media_url = serializers.URLField(max_length=2000, required=False, help_text="a picture that goes along")
    sender = serializers.RegexField(
        ADDRESS, required=False, help_text="from whom; NOTIFICATIONS_FROM where it is left out"
    )


def form(intent: Intent, sender: str) -> Mapping[str, str]:
    """The fields of the request, `sender` where the command names none."""
    payload = intent.payload
    chosen = payload.get("sender") or sender
    if payload["to"].startswith(WHATSAPP) and not chosen.startswith(WHATSAPP):
        chosen = WHATSAPP + chosen
    fields = {
        "To": payload["to"],
        "From": chosen,
        "Body": payload["body"],
        "MediaUrl": payload.get("media_url"),
        "StatusCallback": intent.callback_url,
    }
    return {name: value for name, value in fields.items() if value}
