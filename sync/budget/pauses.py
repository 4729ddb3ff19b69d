"""Why a request waits for its turn, how long, and what is said where it would wait too long."""

from __future__ import annotations

from typing import NamedTuple

from sync.errors import TransientError


class Pause(NamedTuple):
    """Moments of the monotonic clock."""

    look_at: float  # asking before is of no use
    until: float  # as far as was known then
    why: str = ""


NONE = Pause(0.0, 0.0)


def too_long(system: str, why: str, wait: float) -> TransientError:
    """The error that sends the job back to the queue, with no try burned; `why` is as the draw says it."""
    words = {
        "pause": f"{system} asked for a pause: it is asked again in {wait:.1f} s.",
        "quota": f"The daily quota of {system} is used up: it is asked again in {wait / 3600:.1f} h.",
        "far": f"{system} says that no request is left of its limit: it is asked again in {wait:.1f} s.",
        "rate": f"The budget of {system} is used up: it is asked again in {wait:.1f} s.",
        "breaker": f"{system} failed many times in a row and is left alone: it is asked again in {wait:.1f} s.",
        "turn": f"Others use the whole budget of {system}: it is asked again in {wait:.1f} s.",
    }
    code = {"quota": "quota_used_up", "breaker": "far_end_down"}.get(why, "rate_limited")
    return TransientError(words[why], code=code, retry_after=wait, not_asked=True)
