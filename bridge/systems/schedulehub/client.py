"""Writes to ScheduleHub over its JSON API, and reads from it where somebody asks."""

from __future__ import annotations

import msgspec

from bridge import env
from sync.errors import ConfigError
from sync.http import SHARED, Answer, Gate, Session
from sync.sources.auth import Bearer
from sync.sources.rest import RestClient
from sync.targets.rest import RestTarget

CHECK = "/health"


def is_configured() -> bool:
    """Whether the environment names a ScheduleHub; without one nothing is pushed, and nothing is missed."""
    return bool(env.secret("SCHEDULEHUB_URL"))


def target(*, gate: Gate | None = SHARED) -> RestTarget:
    """ScheduleHub as a target. Raises ConfigError (not_configured)."""
    return RestTarget(session=_session(gate), words=words, check_path=CHECK)


def client(*, gate: Gate | None = SHARED) -> RestClient:
    """ScheduleHub as it is read. Raises ConfigError (not_configured)."""
    session = _session(gate)
    return RestClient("schedulehub", session.base_url, session=session, words=words, check_path=CHECK)


def words(answer: Answer) -> str:
    """ScheduleHub's own words in an error."""
    try:
        error = msgspec.json.decode(answer.body)["error"]
        return f"{error['message']} ({error['code']})"
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
        return ""  # not an error body of its own; the caller shows what came instead


def _session(gate: Gate | None) -> Session:
    try:
        given = {name: env.secret(name) for name in ("SCHEDULEHUB_URL", "SCHEDULEHUB_TOKEN")}
    except env.EnvError as error:
        raise ConfigError(error.sentence, code=error.code) from error
    missing = [name for name, value in given.items() if not value]
    if missing:
        message = (
            f"ScheduleHub is not configured: set {', '.join(missing)}, or use the sandbox of `bridge up`."
        )
        raise ConfigError(message, code="not_configured")
    return Session(
        "schedulehub", given["SCHEDULEHUB_URL"], auth=Bearer(given["SCHEDULEHUB_TOKEN"]), gate=gate
    )
