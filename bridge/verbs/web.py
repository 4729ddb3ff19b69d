"""Serve the API, the admin and the docs with granian."""

from __future__ import annotations

import logging
import os
from argparse import ArgumentParser, Namespace

from bridge.exits import OK
from bridge.prepare import ensure_checked
from bridge.services.port import ensure_free, free_port
from bridge.services.port import port as port_number
from bridge.verbs.values import count

HOST, PORT = "127.0.0.1", 8000
WORKERS = 2
THREADS = 8  # each may hold a database connection; half of them may wait for a refresh
STOP_SECONDS = 4  # for requests under way


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--host", default=HOST, help=f"address to listen on (default {HOST})")
    parser.add_argument("--port", type=port_number, default=PORT, help=f"port (default {PORT})")
    parser.add_argument("--workers", type=count, default=WORKERS, help=f"processes (default {WORKERS})")
    parser.add_argument("--threads", type=count, default=THREADS, help=f"threads of each (default {THREADS})")
    parser.add_argument("--pretty", action="store_true", help="log in words instead of JSON lines")


def run(options: Namespace) -> int:
    """Serve until told to stop."""
    from granian.constants import Interfaces
    from granian.server import Server

    from bridge.logging import configure

    ensure_checked()
    port = options.port or free_port(options.host)
    ensure_free(options.host, port)
    os.environ["BRIDGE_WEB_THREADS"] = str(options.threads)
    if options.pretty:
        os.environ["BRIDGE_LOG_PRETTY"] = "true"  # for the worker processes too
    configure("web")
    logging.getLogger("_granian").addFilter(_about_us)
    _preload()
    server = Server(
        "bridge.services.web:application",
        factory=True,
        address=options.host,
        port=port,
        interface=Interfaces.WSGI,
        workers=options.workers,
        blocking_threads=options.threads,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        log_dictconfig={"handlers": {}, "formatters": {}, "loggers": {"_granian": {"propagate": True}}},
    )
    server.serve()
    return OK


def _about_us(record: logging.LogRecord) -> bool:
    # Its advice on the number of threads is for those that compute; ours wait for the database, or a refresh.
    return "Python threads" not in record.getMessage()


def _preload() -> None:
    """Import what the application needs once, before the workers are forked, which then share its memory.

    Not the application itself: it starts a thread, and threads don't survive a fork.
    """
    from importlib import import_module

    from django.conf import settings
    from django.db import connections

    import_module(settings.ROOT_URLCONF)
    connections.close_all()  # a socket must not be shared by two processes
