"""Which jobs are meant: what a person filters by, read alike at every door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.utils.dateparse import parse_date, parse_datetime

from sync import schema
from sync.errors import InvalidRequest
from sync.ids import first_uuid7
from sync.models import Job
from sync.redaction import is_secret
from sync.registry import registry

PATH = "params."
NAMES = ("status", "kind", "entity", "code", "error", "since", "until", "lane", "parent")
NARROW = ("status", "kind", "entity", "since", "lane", "parent")
"""Some of these is asked for where texts of errors or parameters are looked through: a million jobs are kept."""
DEAD = Q(status=Job.Status.FAILED, resolved_at=None)
STATUSES = (*Job.Status.values, "dead", "resolved", "unfinished")
MOST_PATHS = 5
_CLOCKS = timedelta(hours=1)
_STATUS = {
    "dead": DEAD,
    "resolved": Q(status=Job.Status.FAILED, resolved_at__isnull=False),
    "unfinished": Q(status__in=(Job.Status.PENDING, Job.Status.PROCESSING)),
}


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What is given narrows. `status` may be `dead` (failed, not resolved), `resolved` or `unfinished` too."""

    status: str | None = None
    kind: str | None = None
    entity: str | None = None  # its path
    code: str | None = None  # of the error
    error: str | None = None  # a part of its text
    since: str | None = None  # asked for from this moment on, ISO 8601
    until: str | None = None  # and before this one
    lane: str | None = None
    parent: str | None = None  # the id of the job that asked for it
    params: Mapping[str, str] = field(default_factory=dict)  # path, such as `key.id`: value as text

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Selection:
        """Those that a person's filter finds; paths are named `params.key.id`.

        Raises InvalidRequest (bad_parameter, unknown_parameter, filter_too_wide) and UnknownEntity.
        """
        named: dict[str, Any] = {}
        paths: dict[str, str] = {}
        for name, value in given.items():
            if name.startswith(PATH):
                paths[_path(name)] = _text(name, value)
            elif name not in NAMES:
                known = ", ".join((*NAMES, f"{PATH}NAME"))
                raise InvalidRequest(
                    f"Jobs are not told apart by {name[:100]!r}, but by: {known}.", code="unknown_parameter"
                )
            elif value not in (None, ""):
                named[name] = _READ.get(name, _text)(name, value)
        if len(paths) > MOST_PATHS:
            raise _bad(f"At most {MOST_PATHS} parameters can be given.")
        if (paths or "error" in named) and not any(name in named for name in NARROW):
            message = f"Errors and parameters are looked for among few jobs: add one of {', '.join(NARROW)}."
            raise InvalidRequest(message, code="filter_too_wide")
        return cls(**named, params=paths)

    @classmethod
    def kept(cls, told: Mapping[str, Any]) -> Selection:
        """The one that was told."""
        return cls(**told)

    def told(self) -> dict[str, Any]:
        """What is given, as JSON."""
        return {name: value for name, value in asdict(self).items() if value}

    def rows(self) -> QuerySet[Job]:
        """The jobs."""
        rows = Job.objects.all()
        if self.status is not None:
            rows = rows.filter(_STATUS.get(self.status) or Q(status=self.status))
        if self.entity is not None:
            rows = rows.filter(entity_id=schema.entity_id(self.entity))
        equal = {"kind": self.kind, "error_code": self.code, "parent_id": self.parent}
        rows = rows.filter(**{name: value for name, value in equal.items() if value is not None})
        if self.error is not None:
            rows = rows.filter(error__icontains=self.error)
        if self.lane is not None:
            rows = rows.filter(lanes__contains=[self.lane])
        return self._with_params(self._of_time(rows))

    def _of_time(self, rows: QuerySet[Job]) -> QuerySet[Job]:
        if self.since is not None:
            since = datetime.fromisoformat(self.since)
            # The id lets the index skip what is older; clocks differ, so the moment itself decides.
            rows = rows.filter(created_at__gte=since, id__gte=first_uuid7((since - _CLOCKS).timestamp()))
        return rows if self.until is None else rows.filter(created_at__lt=datetime.fromisoformat(self.until))

    def _with_params(self, rows: QuerySet[Job]) -> QuerySet[Job]:
        for number, (path, value) in enumerate(self.params.items()):
            name = f"param_{number}"
            rows = rows.alias(**{name: _at(path)}).filter(**{name: value})
        return rows


def _at(path: str) -> Func:
    """The value at a path of the parameters, as text."""
    steps = Value(path.split("."), output_field=ArrayField(TextField()))
    return Func(
        F("params"), steps, template="(%(expressions)s)", arg_joiner=" #>> ", output_field=TextField()
    )


def _path(name: str) -> str:
    path = name.removeprefix(PATH)
    steps = path.split(".")
    if not all(steps):
        raise _bad(f"{name[:100]!r} is no path: write one such as params.target or params.key.id.")
    if any(is_secret(step) for step in steps):
        raise _bad(f"{name[:100]!r} names a secret: nobody may ask for it.")
    return path


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, str) or "\x00" in value:
        raise _bad(f"{name[:100]} must be a text, a whole number, true or false.")
    return value


def _status(name: str, value: Any) -> str:
    if value not in STATUSES:
        raise _bad(f"status is {str(value)[:100]!r}: write one of {', '.join(STATUSES)}.")
    return str(value)


def _entity(name: str, value: Any) -> str:
    return registry.find(_text(name, value)).path


def _parent(name: str, value: Any) -> str:
    try:
        return str(UUID(_text(name, value)))
    except ValueError:
        raise _bad(f"parent is {str(value)[:100]!r}: write the id of a job.") from None


def _moment(name: str, value: Any) -> str:
    text = _text(name, value).strip().replace(" ", "+") if "T" in str(value) else _text(name, value).strip()
    try:
        found = parse_datetime(text) or parse_date(text)
    except ValueError:
        found = None
    if found is None:
        raise _bad(f"{name} is {text[:100]!r}: write a moment such as 2025-12-08T10:30:00Z.")
    if not isinstance(found, datetime):
        found = datetime.combine(found, time.min)
    moment = found if found.tzinfo else found.replace(tzinfo=UTC)
    if not 1971 <= moment.year <= 9000:
        raise _bad(f"{name} is out of the range of dates.")
    return moment.isoformat()


def _bad(message: str) -> InvalidRequest:
    return InvalidRequest(message, code="bad_parameter")


_READ = {
    "status": _status,
    "entity": _entity,
    "parent": _parent,
    "since": _moment,
    "until": _moment,
}
