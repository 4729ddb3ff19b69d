"""What a log line looks like, and what never stands in one."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from bridge.env import EnvError
from bridge.log_lines import as_words, parse
from bridge.logging import configure


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_it_writes_one_json_object_a_line_with_time_level_service_message(stream: io.StringIO) -> None:
    configure("worker", stream=stream)

    log = structlog.get_logger()
    log.info("batch committed", entity="netsuite.customers", stage="ingest", metrics={"rows": 3})

    (line,) = lines(stream)
    assert list(line)[:4] == ["timestamp", "level", "service", "message"]
    assert line["timestamp"].endswith("Z")
    assert (line["level"], line["service"], line["message"]) == ("info", "worker", "batch committed")
    assert (line["entity"], line["stage"], line["metrics"]) == ("netsuite.customers", "ingest", {"rows": 3})


def test_it_writes_what_libraries_log_in_the_same_form(stream: io.StringIO) -> None:
    configure("web", stream=stream)

    logging.getLogger("some.library").warning("took %d s", 3, extra={"job_id": "j1"})

    (line,) = lines(stream)
    found = [line[name] for name in ("level", "service", "message", "job_id")]
    assert found == ["warning", "web", "took 3 s", "j1"]


def test_it_leaves_out_what_django_says_of_a_request_again(stream: io.StringIO) -> None:
    configure("web", stream=stream)
    log = logging.getLogger("django.request")

    log.error("Service Unavailable: /api/v1/health")
    try:
        raise ValueError("a fault of a middleware")
    except ValueError:
        log.exception("Internal Server Error: /")

    (line,) = lines(stream)
    assert line["message"] == "Internal Server Error: /"


def test_it_adds_the_ids_bound_to_the_context(stream: io.StringIO) -> None:
    configure("worker", stream=stream)

    with structlog.contextvars.bound_contextvars(job_id="j1", batch_id=7):
        structlog.get_logger().info("inside")
    structlog.get_logger().info("outside")

    inside, outside = lines(stream)
    assert (inside["job_id"], inside["batch_id"]) == ("j1", 7)
    assert "job_id" not in outside


def test_it_keeps_an_exception_on_its_line(stream: io.StringIO) -> None:
    configure("web", stream=stream)

    try:
        raise ValueError("no such thing")
    except ValueError:
        structlog.get_logger().exception("it failed")

    (line,) = lines(stream)
    assert line["level"] == "error"
    assert "ValueError: no such thing" in line["exception"]


@pytest.mark.parametrize(
    ("facts", "secret"),
    [
        ({"password": "hunter2"}, "hunter2"),
        ({"headers": {"Authorization": "Bearer abc.defgh"}}, "abc.def"),
        ({"params": [{"api_key": "k-123456"}]}, "k-123456"),
        ({"NETSUITE_TOKEN_SECRET": "s3cr3t"}, "s3cr3t"),
        ({"url": "postgresql://bridge:pa55word@db/bridge"}, "pa55word"),
        ({"text": "refused: eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJiIn0.c2ln"}, "eyJhbGci"),
        ({"body": b"client_secret=abcdef123&x=1"}, "abcdef123"),
        ({"header": 'OAuth realm="A", oauth_signature="c2lnbmF0dXJl"'}, "c2lnbmF0dXJl"),
    ],
)
def test_it_hides_secrets(stream: io.StringIO, facts: dict[str, Any], secret: str) -> None:
    configure("web", stream=stream)

    structlog.get_logger().info("asked", **facts)
    logging.getLogger("library").error("asked %s", facts)

    assert secret not in stream.getvalue()
    assert "***" in lines(stream)[0].values().__str__()


def test_it_leaves_ordinary_facts_alone(stream: io.StringIO) -> None:
    configure("web", stream=stream)

    structlog.get_logger().info("asked", tokens=5, key="10248,11", url="http://127.0.0.1:8900/netsuite")

    (line,) = lines(stream)
    assert (line["tokens"], line["key"], line["url"]) == (5, "10248,11", "http://127.0.0.1:8900/netsuite")


def test_it_hides_secrets_in_a_traceback(stream: io.StringIO) -> None:
    configure("web", stream=stream)

    try:
        raise RuntimeError("can't reach postgresql://bridge:pa55word@db/bridge")
    except RuntimeError:
        structlog.get_logger().exception("it failed")

    assert "pa55word" not in stream.getvalue()


def test_it_is_quiet_about_what_libraries_tell_at_info(stream: io.StringIO) -> None:
    configure("worker", stream=stream)

    logging.getLogger("procrastinate.worker").info("Starting job")

    assert stream.getvalue() == ""


def test_it_refuses_an_unknown_level(stream: io.StringIO) -> None:
    with pytest.raises(EnvError, match="write debug, info"):
        configure("web", level="loud", stream=stream)


def test_it_writes_words_where_asked_to(stream: io.StringIO) -> None:
    configure("web", pretty=True, stream=stream)

    structlog.get_logger().warning("slow answer", entity="netsuite.customers", seconds=3)

    assert "web        warning: slow answer  entity=netsuite.customers seconds=3" in stream.getvalue()


def test_words_show_an_exception_below() -> None:
    event = {"timestamp": "2026-01-02T03:04:05Z", "level": "error", "service": "web", "message": "no"}

    assert as_words(event | {"exception": "E: x"}) == "03:04:05 web        error: no\nE: x"


@pytest.mark.parametrize("line", ["plain words", "[1, 2]", "{broken", '{"no": "message"}'])
def test_a_childs_other_output_becomes_an_event(line: str) -> None:
    event = parse(line, "web")

    assert (event["service"], event["level"], event["message"]) == ("web", "info", line)


def test_a_childs_event_passes_with_its_own_service() -> None:
    assert parse('{"message": "hello", "service": "worker", "level": "error"}', "web") == {
        "message": "hello",
        "service": "worker",
        "level": "error",
    }
