"""How a system and its entities are declared: frozen data, so that a typo fails at import and in mypy."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from sync.fields import Computed, Extra, Field

if TYPE_CHECKING:
    import polars as pl

    from sync.commands import Command
    from sync.sources import Client
    from sync.targets import Target

EXTRA = "extra"
"""The field that has what no other declares, of entities that keep it."""

Rule = tuple[str, str, Callable[[], "pl.Expr"]]
"""An entity's own check: (code, message, a function giving the expression that is true where the rule is BROKEN)."""


def seconds(amount: float) -> timedelta:
    """So many seconds."""
    return timedelta(seconds=amount)


def minutes(amount: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=amount)


def hours(amount: float) -> timedelta:
    """So many hours."""
    return timedelta(hours=amount)


def days(amount: float) -> timedelta:
    """So many days."""
    return timedelta(days=amount)


@dataclass(frozen=True, slots=True)
class Every:
    """A schedule by interval; `full` reads everything instead of what changed."""

    interval: timedelta
    full: bool = False


@dataclass(frozen=True, slots=True)
class Cron:
    """A schedule by cron expression (five fields) in a time zone."""

    expression: str
    zone: str = "UTC"
    full: bool = False


def every(*, full: bool = False, **amount: float) -> Every:
    """A schedule by interval: `every(minutes=15)`; the words are those of timedelta."""
    return Every(timedelta(**amount), full=full)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds to wait before each retry; after the last one the job is failed. Three tiers are four runs."""

    tiers: tuple[float, ...]

    def __init__(self, *tiers: float) -> None:
        object.__setattr__(self, "tiers", tiers)

    def delay(self, burned: int) -> float | None:
        """Seconds to wait after so many failed runs before this one; None: it was the last."""
        return self.tiers[burned] if burned < len(self.tiers) else None


@dataclass(frozen=True, slots=True)
class Exponential:
    """Waits that double from `base` to `cap` seconds, each drawn evenly from 0 up to that: full jitter.

    So many jobs that failed at once do not come back at once. After `tries` retries the job is failed.
    """

    base: float = 1.0
    cap: float = 300.0
    tries: int = 8

    def delay(self, burned: int) -> float | None:
        """As of Backoff."""
        if burned >= self.tries:
            return None
        # 2**64 seconds are above any cap; the power of a large number of tries would not fit a float.
        return random.uniform(0.0, min(self.cap, self.base * 2.0 ** min(burned, 64)))  # noqa: S311 - no secret


Retry = Backoff | Exponential
"""When a failed run is repeated; what the far end asks for comes first."""


@dataclass(frozen=True, slots=True)
class Record:
    """A lane for each record: jobs for the same one run one after another, in the order of asking."""

    entity: str | None = None  # name within the system, or the full path; None = the entity that declares it
    by: Mapping[str, str] = field(
        default_factory=dict
    )  # its key field: the value's name; equal ones may be left out


@dataclass(frozen=True, slots=True)
class Business:
    """A lane for each value of a field, such as an order's number."""

    field: str  # of the payload, or of the key where an entity declares it; null means no lane
    name: str | None = None  # shared by all that use it within the system; None = the field's


Lane = Record | Business
"""What jobs go through one after another; one that backs off or is dead stops its own lane, and no other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """What a system allows: requests per second, at once and a day, over all processes. None = no limit."""

    per_second: float | None = None
    burst: float | None = None  # at once after a pause; None = those of two seconds
    concurrent: int | None = None
    per_day: int | None = None
    zone: str = "UTC"  # in which its day begins


@dataclass(frozen=True, slots=True)
class XRateLimit:
    """Answers say what is left of the far end's limit in X-RateLimit-Limit, -Remaining and -Reset."""

    reset: Literal["seconds", "epoch"]  # what -Reset counts: seconds from now, or since 1970
    prefix: str = "X-RateLimit-"


@dataclass(frozen=True, slots=True)
class RateLimitFields:
    """Answers say it in RateLimit (`"default";r=50;t=30`) and RateLimit-Policy, as the IETF's draft has it."""


RateHeaders = XRateLimit | RateLimitFields
"""Where a far end's answers say how many requests are left; they slow us down before it refuses."""


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """How long superseded versions of an entity's records are kept, and how they are read."""

    versions: int = 20  # of a record, beside the current one
    kept_for: timedelta | None = None  # after a newer one took its place; None = only their number counts

    list_as_of: bool = (
        False  # an index for lists with `?as_of=`, which work without it but may read everything
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """What happens when the source's columns are not what they were. All is warned of, whatever is chosen.

    keep: what no field declares is served as one object `extra`, which is part of the data hash; rows are then
    read one by one. set_aside: rows without a declared column fail. stop: the job parks until somebody acknowledges.
    """

    new: Literal["warn", "keep", "stop"] = "warn"
    missing: Literal["warn", "set_aside", "stop"] = "warn"
    retyped: Literal["warn", "stop"] = "warn"


@dataclass(frozen=True, kw_only=True, slots=True)
class Parent:
    """A row waits until its parent is here. `by` says ours -> the parent's key field; a null field means no parent."""

    entity: str  # name within the system, or the full path
    by: Mapping[str, str]
    fetch: bool = False  # ask for a missing parent by its key, where the far end reads by key


@dataclass(frozen=True, kw_only=True, slots=True)
class Deletes:
    """What a proven complete read may delete by itself; more than that is proposed to a person instead."""

    share: float = 0.10  # of the live records
    rows: int = 1_000
    keep_days: int = 30  # for so long a proposal can be decided, and what was deleted can be undone
    needs_total: bool = True  # of a far end that names no total of its rows, each delete is proposed


@dataclass(frozen=True, kw_only=True, slots=True)
class Push:
    """Where records of an entity are written to: what a target gets of them, and under which names."""

    target: str  # the name of a system that has a target
    path: str  # of the target's collection
    fields: Mapping[str, str]  # theirs: ours
    parents: Mapping[str, str] = field(default_factory=dict)  # theirs: the parent entity whose id there it is
    numbers: tuple[str, ...] = ()  # theirs, of decimals that are written as bare JSON numbers
    batch: int = 1000  # rows a request; 1 = one by one, with POST, PATCH and DELETE
    undo: timedelta = timedelta(hours=1)  # how long a deleted record stays there


@dataclass(frozen=True, kw_only=True, slots=True)
class Signed:
    """How a far end signs what it sends us: HMAC-SHA256 over `signs`, joined by dots."""

    variable: (
        str  # of the environment, with the secret; two apart by a blank while one takes over from the other
    )
    signature: str = (
        "X-Signature"  # its header: hexadecimal or base64 after `prefix`; several apart by commas
    )
    timestamp: str = "X-Timestamp"  # its header: seconds since 1970
    delivery: str = "X-Delivery-Id"  # its header: the same whenever a delivery is repeated
    signs: tuple[Literal["id", "timestamp", "body"], ...] = ("id", "timestamp", "body")
    prefix: str = "sha256="
    window: timedelta = timedelta(
        minutes=5
    )  # how far its clock, or a delivery on its way, may be behind or ahead


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """How a far end tells us that a record changed. Names with dots lead deeper into its JSON."""

    signed: Signed
    key: Mapping[str, str]  # ours: where it is in an event
    row: str | None = None  # the whole record as a read has it; without it the record is asked for by its key
    at: str | None = None  # when it happened there: ISO 8601, or seconds since 1970
    act: str | None = None  # what happened
    deleted: tuple[str, ...] = ("deleted",)  # the words of `act` that say so
    version: str | None = None  # of a deleted record
    events: str | None = None  # the array of events in a body; None = a body is one event
    largest: int = 262_144  # bytes of a body


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """One kind of record of a system."""

    name: str
    source: Any  # what the system's client reads; opaque to the engine
    key: tuple[str, ...]
    fields: Mapping[str, Field]  # ours: how it is read
    label: str = ""
    cursor: str | None = None  # the field by which changes are asked for; None = every read is full
    version: str | None = None  # the field that orders versions of a row; None = the cursor
    computed: Mapping[str, Computed] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    volatile: tuple[str, ...] = ()  # served, but not part of the data hash
    parents: tuple[Parent, ...] = ()
    filters: tuple[str, ...] = ()  # fields the API may filter by; each gets an index
    aliases: tuple[str, ...] = ()
    owns_name: bool = False  # served at /api/v1/{name} too
    freshness: timedelta = timedelta(minutes=15)
    schedule: Every | Cron | None = None
    max_parallel: int = 1  # sync jobs of this entity running at once
    lane: Lane | tuple[Lane, ...] = ()  # what its refreshes go through one after another
    retry: Retry = Backoff(1, 10, 60)
    targets: tuple[Push, ...] = ()
    page_size: int | None = None  # rows; None = DEFAULT_BATCH_SIZE
    overlap: timedelta = timedelta(minutes=2)  # asked again before the watermark
    deletes: Deletes | None = Deletes()  # what the far end has no more; None = records are never deleted
    on_miss: Literal["accept", "wait"] = "accept"
    history: History = History()
    drift: Drift = Drift()
    webhook: Webhook | None = None  # the far end tells of changes by itself
    revision: int = 1  # raise it when a hook function changes

    def __post_init__(self) -> None:
        if self.drift.new == "keep" and EXTRA not in self.fields:
            object.__setattr__(self, "fields", {**self.fields, EXTRA: Extra()})


@dataclass(frozen=True, kw_only=True, slots=True)
class System:
    """One external party, with its entities."""

    name: str
    client: Callable[[], Client]  # builds the client; called in the process that needs it
    entities: tuple[Entity, ...]
    label: str = ""
    commands: tuple[Command, ...] = ()
    budget: Budget = Budget()
    rate_headers: RateHeaders | None = None  # what its answers say of its own limit
    private: bool = False  # it may be in our own network, and need not be on the public internet
    redirects: int = 0  # so many a read follows, 5 at most; our credentials go to no other host
    max_parallel: int | None = (
        None  # jobs that read or write it running at once; None = as many as its entities
    )
    target: Callable[[], Target] | None = None  # writes to it; built in the process that needs it
    enabled: Callable[[], bool] = lambda: True  # a target that is not set up gets nothing, and is not missed
