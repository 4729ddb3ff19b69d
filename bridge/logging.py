"""One line of JSON for each event, from our code and from every library alike.

Each line has timestamp (UTC), level, service, message; where they are known also request_id, job_id,
batch_id, entity, stage and metrics. The ids come from context: bind them with
`structlog.contextvars.bound_contextvars(job_id=…)`. Logs go to stderr: stdout is for what a command was asked.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Protocol

import structlog

from bridge import env
from bridge.log_lines import as_json, as_words
from bridge.redact import redact, redact_text

# Libraries that tell much at INFO, or report at WARNING what is a caller's fault and answered as such.
QUIETER = {
    "procrastinate": logging.WARNING,
    "django.request": logging.ERROR,
    "django.security": logging.ERROR,
    "asyncio": logging.WARNING,
    "psycopg.pool": logging.ERROR,  # while the database is away, a line a second for each connection
    "urllib3": logging.WARNING,
}
# Of these only what comes with a traceback is news: our own line tells each request that went wrong.
TOLD_ELSEWHERE = "django.request"
_FIRST = ("timestamp", "level", "service", "message")
Event = MutableMapping[str, Any]


class SupportsWrite(Protocol):
    """A stream, as far as a log needs one."""

    def write(self, text: str, /) -> object: ...
    def flush(self) -> object: ...
    def isatty(self) -> bool: ...


class Handler(logging.StreamHandler[Any]):
    """Ours: known by its class when the process is configured again."""


def configure(
    service: str, *, pretty: bool | None = None, level: str | None = None, stream: SupportsWrite | None = None
) -> None:
    """Send everything this process logs through one formatter; may be repeated.

    Without the arguments BRIDGE_LOG_PRETTY and BRIDGE_LOG_LEVEL decide (JSON lines from `info` on).
    """
    words = env.flag("BRIDGE_LOG_PRETTY") if pretty is None else pretty
    name = (level or env.text("BRIDGE_LOG_LEVEL", "info")).upper()
    if name not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
        sentence = f"BRIDGE_LOG_LEVEL is {name.lower()!r}: write debug, info, warning, error or critical."
        raise env.EnvError("env_log_level", sentence)
    output = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _service_adder(service),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("message"),
    ]
    _configure_structlog(shared)
    handler = Handler(output)
    handler.setFormatter(_formatter(shared, colour=output.isatty() if words else None))
    root = logging.getLogger()
    root.handlers[:] = [*(other for other in root.handlers if not isinstance(other, Handler)), handler]
    root.setLevel(name)
    for library, least in QUIETER.items():
        logging.getLogger(library).setLevel(max(least, root.level))
    logging.getLogger(TOLD_ELSEWHERE).addFilter(_has_traceback)
    logging.captureWarnings(True)


def _has_traceback(record: logging.LogRecord) -> bool:
    return bool(record.exc_info)


def _configure_structlog(shared: list[structlog.typing.Processor]) -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _formatter(
    shared: list[structlog.typing.Processor], *, colour: bool | None
) -> structlog.stdlib.ProcessorFormatter:
    """A formatter to JSON, or to words for people where `colour` says whether to use it."""
    render = as_json if colour is None else lambda event: as_words(event, colour=colour)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _redact,
            lambda _logger, _name, event: render(_in_order(event)),
        ],
    )


def _service_adder(service: str) -> structlog.typing.Processor:
    def add(_logger: object, _name: str, event: Event) -> Event:
        event.setdefault("service", service)
        return event

    return add


def _redact(_logger: object, _name: str, event: Event) -> Event:
    """Hide secrets by deny-list; the message itself has no name, only a look."""
    message = event.pop("message", "")
    hidden: Event = redact(event)
    return {"message": redact_text(str(message).strip()), **hidden}


def _in_order(event: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: event[name] for name in _FIRST if name in event}
    return known | {name: value for name, value in event.items() if name not in _FIRST}
