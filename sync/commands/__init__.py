"""Commands: effects wanted outside, declared beside a system's entities. Each happens once, or a person is asked.

A system says `commands=(Command(name="upsert_customer", …),)`; its path is `netsuite.upsert_customer`, the scope that
may ask for it `command:netsuite.upsert_customer`. The ledger of each goes intended → sent → proven | refused |
unknown. `sent` is committed before `send` is called, what `send` returns after it; neither holds a transaction open.

What `send` raises (from sync.errors) says what is known of the effect:

- TransientError with `not_asked` or `no_effect`, and ConfigError (but `redirected`): surely none. It is sent again by
  the retry policy, or when the configuration was changed.
- FatalError, NotFound, Conflict, RecordError: the far end refused it. `Refused` says the same without an error.
- any other TransientError, and every error that is not ours: unknown. `find` is asked before anything is sent again.

What `find` raises says nothing of the effect, and takes none of the tries of sending: it is asked again by
`find_retry`, and when that has no more, a person is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from sync.declare import Backoff, Exponential, Lane, Retry, Signed

if TYPE_CHECKING:
    from rest_framework.serializers import Serializer

State = Literal["intended", "sent", "proven", "refused", "unknown"]
Json = Any
"""A value that JSON can hold."""
RETRY = Backoff(5, 30, 300)
"""Seconds before each further try; four runs in all."""
FIND_RETRY = Exponential(base=1, cap=600, tries=300)
"""About a day: longer than most far ends are away."""


def _nobody(_remote_ids: Collection[str]) -> frozenset[str]:
    return frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """One command, as `send`, `find` and the local effect see it."""

    id: UUID
    kind: str  # the command's path, such as netsuite.upsert_customer
    key: str  # for the far end's idempotency header: the same on every try, and no other command's
    payload: Mapping[str, Json]  # as validated; dates, moments and decimals are text
    client: str  # who asked for it
    tries: int = 0  # times it was sent; 1 while it is sent for the first time
    first_sent_at: datetime | None = None  # when it was first about to be sent, UTC
    sent_at: datetime | None = None  # when it was last about to be sent, UTC
    remote_id: str | None = None  # what the far end called it, where that is known
    planned_revision: int | None = None  # of the mirror's record it was planned on
    callback_url: str | None = None  # where the far end can report; None without BRIDGE_PUBLIC_URL
    # Those of these remote ids that other commands of this kind are known to own.
    taken: Callable[[Collection[str]], frozenset[str]] = field(default=_nobody, repr=False, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Proven:
    """The effect is there."""

    remote_id: str | None = None  # of a thing that no other command made; None where one was changed
    answer: Mapping[str, Json] = field(default_factory=dict)  # what is worth keeping of the far end's words


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """The far end took it on, and the effect is still to come: `find` or a callback proves it."""

    remote_id: str | None = None
    answer: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """The far end says no, and would again."""

    message: str  # its words, and what to do
    code: str = "far_end_refused"
    answer: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Absent:
    """The far end was asked, and there is no such effect (yet)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsure:
    """The far end was asked, and what it says proves neither."""

    message: str


Send = Callable[[Intent], Proven | Sent | Refused]
"""Asks for the effect once; no retries inside. Its requests have a timeout: there is no other limit."""
Find = Callable[[Intent], Proven | Refused | Absent | Unsure]
"""Reads back whether the effect of an earlier `send` is there; changes nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What a callback says."""

    id: str  # the same whenever this callback is repeated, and another for each new status
    status: str  # the far end's word, such as delivered
    rank: int  # of the status: one below what was told before is noted, and changes nothing
    state: Literal["proven", "refused"] | None = None  # what it proves of a command that is sent or unknown
    remote_id: str | None = None
    reference: str | None = None  # Intent.key, where the far end repeats it in what it signs
    code: str | None = None  # the far end's, where it refused
    message: str = ""
    facts: Mapping[str, Json] = field(default_factory=dict)  # what is worth keeping


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedForm:
    """HMAC-SHA1, base64, over the URL as the far end was given it and the form's names and values, sorted by name."""

    variable: str
    signature: str = "X-Twilio-Signature"


@dataclass(frozen=True, kw_only=True, slots=True)
class Callback:
    """How the far end reports. It is told `Intent.callback_url`: /api/v1/callbacks/{system}/{command}/{id}.

    SignedForm covers that address. `Signed` covers the body only, which must name the command itself then: by
    `Told.reference`, or by a `Told.remote_id` that is known to be the command's. Any other is refused.
    """

    signed: Signed | SignedForm
    read: Callable[[Mapping[str, Json]], Told]  # gets the form's fields, or the JSON object of the body
    largest: int = 65_536  # bytes of a body


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """Persons who must agree before it is sent; whoever asked for it is none of them."""

    persons: int = 1
    when: Callable[[Mapping[str, Json]], bool] = lambda _payload: True  # which payloads need it


@dataclass(frozen=True, kw_only=True, slots=True)
class Compensation:
    """The command that takes a proven one back."""

    command: str  # its name within the system, or the full path
    payload: Callable[
        [Intent, Mapping[str, Json]], Mapping[str, Json]
    ]  # of the command and its proof's answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """One kind of effect that can be asked for at POST /api/v1/commands/{system}/{name}.

    Of the looks that `settles` names only the last one's `Absent` is believed, and leads to another sending: it
    must lie beyond the time that the far end may take to finish what it was sent, and to list it.
    """

    name: str
    payload: type[Serializer[Any]]
    send: Send
    find: Find | None = (
        None  # None: the far end can't be asked, a person decides what became of an unknown one
    )
    label: str = ""
    path: str | None = None  # served at POST /api/v1/{path} too
    # Our own rows, in the transaction that takes the command. Refuses by RecordError or Conflict.
    effect: Callable[[Intent], None] | None = None
    lane: Lane | tuple[Lane, ...] = ()  # commands of one lane run one after another, as they were taken
    retry: Retry = RETRY  # before each further sending of what surely had no effect
    find_retry: Retry = FIND_RETRY  # before `find` is asked again where the far end gave it no answer
    settles: tuple[float, ...] = (
        5,
        30,
        120,
    )  # seconds after the outcome became unknown: `find` is asked then
    on_refusal: Literal["stop", "pass"] = "stop"  # a refused one stops its lane until a person resolves it
    callback: Callback | None = None
    compensation: Compensation | None = None
    approval: Approval | None = None
    largest: int = 262_144  # bytes of a body
