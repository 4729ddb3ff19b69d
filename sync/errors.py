"""Errors named by what to do next, each with a stable code that is API.

RecordError: set the row aside. TransientError: back off and try again. ConfigError: park until a person
changes something. FatalError: stop, another try of the same work cannot help.
"""

from __future__ import annotations


class BridgeError(Exception):
    """Any failure that Bridge knows by name.

    `code` is stable and listed in the docs; the message says what happened and what to do next.
    """

    code = "bridge_error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code


class RecordError(BridgeError):
    """One row cannot be used: set it aside, go on with the others."""

    code = "bad_record"

    def __init__(self, message: str, *, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message, code=code)
        self.field = field


class TransientError(BridgeError):
    """The far end or the network failed in a way that passes: back off and retry.

    `retry_after` is in seconds where the far end named it. `parks_if_repeated` marks an answer that is a
    passing fault the first time and a matter of configuration when the next quiet try repeats it.
    `not_asked` marks a wait before the far end was asked at all: it takes none of the job's tries.
    `no_effect` marks an answer, or a failure to connect, that proves that the far end did nothing.
    """

    code = "far_end_unavailable"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        retry_after: float | None = None,
        parks_if_repeated: bool = False,
        not_asked: bool = False,
        no_effect: bool = False,
    ) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after
        self.parks_if_repeated = parks_if_repeated
        self.not_asked = not_asked
        self.no_effect = no_effect or not_asked


class ConfigError(BridgeError):
    """Nothing gets better until a person changes a setting, a credential or a declaration.

    `no_effect` is False where the far end may have done something all the same.
    """

    code = "configuration"

    def __init__(self, message: str, *, code: str | None = None, no_effect: bool = True) -> None:
        super().__init__(message, code=code)
        self.no_effect = no_effect


class FatalError(BridgeError):
    """The same work would fail again: stop the job and show it."""

    code = "refused"


class StaleAttempt(BridgeError):  # noqa: N818 - a state of the attempt, told apart from faults of the work
    """This attempt no longer holds its job (its fence rose): commit nothing, say nothing to the far end."""

    code = "stale_attempt"


class NotKnownHere(ConfigError):  # noqa: N818 - a state of this process, not a fault of the work
    """This process does not know such work: a worker with newer code, or with older, may."""

    code = "unknown_kind"


class UnknownEntity(ConfigError):  # noqa: N818 - reads as what it names, at every call
    """No entity has that name."""

    code = "unknown_entity"


class InvalidRequest(BridgeError):  # noqa: N818 - the caller's fault, answered with 400 or exit code 2
    """What a caller asked for cannot be done as asked; the message says how to ask."""

    code = "invalid_request"


class Unsigned(BridgeError):  # noqa: N818 - answered with 401
    """What a far end sent us is not proven to be its own; the code says what the proof lacks."""

    code = "signature_missing"


class Conflict(BridgeError):  # noqa: N818 - answered with 409
    """The thing is not in a state in which this act makes sense."""

    code = "conflict"


class NotFound(BridgeError):  # noqa: N818 - answered with 404
    """There is no such thing."""

    code = "not_found"
