"""What the sandbox's Twilio refuses, and in which words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bridge.sandbox.exchange import Response, json_response

_LONGEST = 1600
_ADDRESS = re.compile(r"(whatsapp:)?\+[1-9]\d{6,14}")
# The numbers that Twilio itself keeps for trying.
_REFUSED = {
    "+15005550001": (21211, "The 'To' number {} is not a valid phone number."),
    "+15005550002": (21612, "The 'To' number {} is not currently reachable using the 'From' number."),
    "+15005550004": (21610, "Attempt to send to unsubscribed recipient {}."),
    "+15005550009": (21614, "'To' number {} is not a valid mobile number."),
}


class ProviderError(Exception):
    """A request Twilio refuses, by its code."""

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text

    def response(self) -> Response:
        """Say it as Twilio does."""
        body = {
            "code": self.code,
            "message": self.text,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        return json_response(body, self.status, note=str(self.code))


def check(form: Mapping[str, str]) -> None:
    """Raise a ProviderError where a new message cannot be taken."""
    to, sender = form.get("To", ""), form.get("From", "")
    if not to:
        raise ProviderError(400, 21604, "A 'To' phone number is required.")
    if not _ADDRESS.fullmatch(to):
        raise ProviderError(400, 21211, f"The 'To' number {to} is not a valid phone number.")
    if not sender and not form.get("MessagingServiceSid"):
        raise ProviderError(400, 21603, "A 'From' phone number is required.")
    if sender and not _ADDRESS.fullmatch(sender):
        raise ProviderError(400, 21212, f"The 'From' number {sender} is not a valid phone number.")
    if not any(form.get(name) for name in ("Body", "MediaUrl", "ContentSid")):
        raise ProviderError(400, 21602, "Message body is required.")
    if len(form.get("Body", "")) > _LONGEST:
        raise ProviderError(
            400, 21617, f"The concatenated message body exceeds the {_LONGEST} character limit."
        )
    callback = form.get("StatusCallback")
    if callback and not callback.startswith(("http://", "https://")):
        raise ProviderError(400, 21609, f"The 'StatusCallback' URL {callback} is not a valid URL.")
    if to in _REFUSED:
        code, text = _REFUSED[to]
        raise ProviderError(400, code, text.format(to))
