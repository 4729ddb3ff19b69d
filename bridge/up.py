"""`bridge up`: database, tables, far ends, web and worker, in the order in which each can start soonest.

What runs beside what: PostgreSQL starts while Django is loaded here; the web server loads while tables are
made; the first syncs run while the admin's password is hashed.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from argparse import Namespace
from pathlib import Path

import structlog

from bridge import env
from bridge.database import check_servers, refuse_direct_alone
from bridge.exits import OK
from bridge.logging import configure
from bridge.prepare import SUPERVISED, ensure_checked, load_django
from bridge.services.embedded import EmbeddedPostgres
from bridge.services.far_ends import HOST, use_sandbox
from bridge.services.greeting import WILDCARDS, address
from bridge.services.lock import RunLock
from bridge.services.port import ensure_free, free_port
from bridge.services.process import Service
from bridge.services.screen import Screen
from bridge.services.supervisor import Supervisor

STOP_SECONDS = 8.2  # for the services; with the database's it stays below ten
WORKER_STOP_SECONDS = (
    7.8  # after BRIDGE_DRAIN_SECONDS 7.5 at most: to hand its work back, then its last words
)
DATABASE_STOP_SECONDS = 1.0
ORDER = ("web worker", "sandbox")  # of stopping: no new work, then nobody to ask

log = structlog.get_logger(__name__)


def run(options: Namespace) -> int:
    """Start everything, keep it alive until told to stop, stop it. Raises StartError where it can't start."""
    data_dir = env.data_dir()
    os.environ["BRIDGE_DATA_DIR"] = str(data_dir)
    screen = Screen(pretty=options.pretty)
    configure("supervisor", pretty=screen.pretty, stream=screen)
    lock = RunLock(data_dir)
    lock.take()
    try:
        options.port = options.port or free_port(options.host)
        ensure_free(options.host, options.port)
        assert lock.services is not None
        supervisor = Supervisor(inherited=[lock.services], sink=screen.line)
        with supervisor.signals():
            Up(options, data_dir, supervisor, screen).run()
    finally:
        lock.release()
    return OK


class Up:
    """One run of it."""

    def __init__(self, options: Namespace, data_dir: Path, supervisor: Supervisor, screen: Screen) -> None:
        self.options = options
        self.data_dir = data_dir
        self.supervisor = supervisor
        self.screen = screen
        self.metrics = data_dir / "metrics"
        self.database: EmbeddedPostgres | None = None
        self.sandbox_port: int | None = None
        self.patience = env.drain_seconds() or 0

    def run(self) -> None:
        """Start, watch, stop."""
        try:
            self._set_environment()
            if self._start():
                looks = [self.database.look] if self.database else []
                self.supervisor.watch(*looks)
        except BaseException:
            self._stop()
            raise
        self.screen.say("Stopping …")
        began = time.monotonic()
        self._stop()
        took = time.monotonic() - began
        self.screen.say(f"Bridge is down, after {took:.1f} s. Its data stays in {self.data_dir}.")

    def _set_environment(self) -> None:
        """What the services and this process shall find in their environment."""
        self.screen.say(f"Starting Bridge on {self.data_dir} …")
        os.environ["BRIDGE_LOG_PRETTY"] = "false"  # the services' lines are read and shown by this process
        if self.options.host not in WILDCARDS and not env.listing("BRIDGE_ALLOWED_HOSTS"):
            os.environ["BRIDGE_ALLOWED_HOSTS"] = f"localhost,127.0.0.1,[::1],{self.options.host}"
        url, direct = env.secret("DATABASE_URL"), env.secret("DATABASE_DIRECT_URL")
        if url:
            check_servers(url, direct)
        else:
            refuse_direct_alone(direct)
            self.database = EmbeddedPostgres(self.data_dir)
            os.environ["DATABASE_URL"] = self.database.url
            self.database.begin()
        if not self.options.no_sandbox:
            self.sandbox_port = use_sandbox()
            # The sandbox calls back from this machine; other far ends need the address they reach.
            os.environ.setdefault("BRIDGE_PUBLIC_URL", address(self.options.host, self.options.port))
        shutil.rmtree(self.metrics, ignore_errors=True)  # counters of processes that have gone
        self.metrics.mkdir(parents=True)

    def _start(self) -> bool:
        """Bring everything up; False when told to stop meanwhile."""
        from django.core.management import call_command

        stopping = self.supervisor.stopping
        load_django()
        ensure_checked()
        os.environ[SUPERVISED] = "1"
        if self.sandbox_port:
            self._serve("sandbox", "--host", HOST, "--port", str(self.sandbox_port), stop_seconds=1.0)
        if self.database and not self.database.ready(stopping):
            return False
        options = self.options
        place = ("--host", options.host, "--port", str(options.port))
        self._serve("web", *place, "--workers", str(options.workers))
        call_command("migrate", verbosity=0, interactive=False)
        if stopping.is_set():
            return False
        self._serve("worker", stop_seconds=WORKER_STOP_SECONDS + self.patience)
        from bridge.herald import Herald  # it needs the models, which are loaded by now

        Herald(options, self.data_dir, self.sandbox_port, stopping, self.screen).start()
        return True

    def _serve(self, verb: str, *arguments: str, stop_seconds: float = 6.0) -> None:
        environment = {} if verb == "sandbox" else {"PROMETHEUS_MULTIPROC_DIR": str(self.metrics)}
        root = Path(__file__).resolve().parent.parent
        if "site-packages" not in root.parts:  # a checkout, perhaps one that is not installed
            paths = [str(root), os.environ.get("PYTHONPATH", "")]
            environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        # -P: a folder of the working directory that is called like a module of ours must not be taken for it.
        command = [sys.executable, "-P", "-m", "bridge", verb, *arguments]
        self.supervisor.start(
            Service(name=verb, command=command, environment=environment, stop_seconds=stop_seconds)
        )

    def _stop(self) -> None:
        self.supervisor.stopping.set()
        self.supervisor.stop(ORDER, within=STOP_SECONDS + self.patience)
        if self.database:
            self.database.stop(DATABASE_STOP_SECONDS)
        self.supervisor.close()
        shutil.rmtree(self.metrics, ignore_errors=True)
