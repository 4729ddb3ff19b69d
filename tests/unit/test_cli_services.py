"""Services are kept alive, stopped in order, and never left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bridge.errors import StartError
from bridge.services.lock import RunLock
from bridge.services.port import ensure_free, free_port, port
from bridge.services.process import FIRST_PAUSE, LONGEST_PAUSE, Process, Service
from bridge.services.supervisor import Supervisor

ROOT = Path(__file__).resolve().parents[2]
STUBBORN = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
PATIENT = "import time; print('up', flush=True); time.sleep(60)"
WITH_CHILD = (
    "import subprocess,sys,time; c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    " print(c.pid, flush=True); time.sleep(60)"
)
WITH_LIFELINE = (
    "from bridge.services import lifeline; import time;"
    " lifeline.hold_on(); print('up', flush=True); time.sleep(60)"
)
POLITE = (
    "import signal,sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('end')));"
    " print('up', flush=True); signal.pause()"
)


class Heard:
    """What the services said."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def __call__(self, name: str, line: str) -> None:
        self.lines.append((name, line))

    def of(self, name: str) -> list[str]:
        return [line for said_by, line in self.lines if said_by == name]


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def supervisor(heard: Heard) -> Iterator[Supervisor]:
    made = Supervisor(sink=heard)
    yield made
    made.in_a_hurry = True
    made.stop(["one two"], within=0)
    made.close()


def python(name: str, code: str, stop_seconds: float = 5.0) -> Service:
    return Service(name=name, command=[sys.executable, "-c", code], stop_seconds=stop_seconds)


def eventually(look: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def pid_of(process: Process) -> int:
    assert process.pid is not None
    return process.pid


def test_it_hears_every_line_of_a_service(supervisor: Supervisor, heard: Heard) -> None:
    supervisor.start(python("one", "import sys; print('out'); print('err', file=sys.stderr)"))

    eventually(lambda: set(heard.of("one")) == {"out", "err"})


def test_it_restarts_what_dies(supervisor: Supervisor, heard: Heard) -> None:
    process = supervisor.start(python("one", PATIENT))
    first = pid_of(process)

    os.kill(first, signal.SIGKILL)

    def came_back() -> bool:
        supervisor.look()
        return process.pid not in (None, first)

    eventually(came_back)


def test_it_waits_longer_before_each_restart(heard: Heard) -> None:
    reading, writing = os.pipe()
    process = Process(python("one", "pass"), inherited=[], lifeline=reading, sink=heard)
    pauses = []

    for _ in range(6):
        process.start()
        eventually(lambda: process.check() is not None)
        pauses.append(round(process._next_start - time.monotonic(), 1))
    os.close(reading)
    os.close(writing)

    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pauses[-1] == LONGEST_PAUSE


def test_it_stops_in_order(supervisor: Supervisor, heard: Heard) -> None:
    supervisor.start(python("one", POLITE))
    supervisor.start(python("two", POLITE))
    eventually(lambda: heard.of("one") and heard.of("two"))

    supervisor.stop(["two", "one"], within=10)

    assert [name for name, line in heard.lines if line == "end"] == ["two", "one"]


def test_it_kills_what_does_not_stop(supervisor: Supervisor, heard: Heard) -> None:
    process = supervisor.start(python("one", STUBBORN, stop_seconds=0.2))
    pid = pid_of(process)
    eventually(lambda: heard.of("one"))

    supervisor.stop(["one"], within=10)

    assert not alive(pid)
    assert "did not stop in time" in heard.of("one")[-1]


def test_it_leaves_nothing_that_a_service_started(supervisor: Supervisor, heard: Heard) -> None:
    supervisor.start(python("one", WITH_CHILD))
    eventually(lambda: heard.of("one"))

    supervisor.stop(["one"], within=10)

    eventually(lambda: not alive(int(heard.of("one")[0])))


def test_a_second_signal_is_a_hurry(supervisor: Supervisor) -> None:
    with supervisor.signals():
        os.kill(os.getpid(), signal.SIGTERM)
        eventually(supervisor.stopping.is_set)
        assert not supervisor.in_a_hurry

        os.kill(os.getpid(), signal.SIGINT)

        eventually(lambda: supervisor.in_a_hurry)


def test_it_watches_until_told_to_stop(supervisor: Supervisor) -> None:
    looks: list[int] = []
    threading.Timer(0.3, supervisor.stopping.set).start()

    supervisor.watch(lambda: looks.append(1))

    assert looks


def test_a_service_ends_with_its_supervisor(heard: Heard) -> None:
    supervisor = Supervisor(sink=heard)
    process = supervisor.start(python("one", WITH_LIFELINE))
    pid = pid_of(process)
    eventually(lambda: heard.of("one"))

    supervisor.close()  # what the kernel does for a killed one

    eventually(lambda: not alive(pid))
    process.end()


def test_a_forked_child_ends_with_its_parent() -> None:
    code = (
        "import multiprocessing as m, os, signal, time\n"
        "from bridge.services.lifeline import follow_parent\n"
        "def work():\n    follow_parent(); print(os.getpid(), flush=True); time.sleep(60)\n"
        "if __name__ == '__main__':\n    p = m.get_context('fork').Process(target=work); p.start(); time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())

    parent.kill()
    parent.wait()

    eventually(lambda: not alive(child))
    parent.stdout.close()


def test_only_one_runs_on_a_folder(tmp_path: Path) -> None:
    first, second = RunLock(tmp_path), RunLock(tmp_path)
    first.take()

    with pytest.raises(StartError, match=f"already up on {tmp_path} \\(process {os.getpid()}\\)"):
        second.take()

    second.release()
    first.release()
    third = RunLock(tmp_path)
    third.take()
    third.release()


def test_the_next_one_waits_for_services_that_are_left(tmp_path: Path) -> None:
    first = RunLock(tmp_path)
    first.take()
    assert first.services is not None
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.5)"], pass_fds=[first.services])
    first.release()

    second = RunLock(tmp_path)
    second.take()

    assert left.wait(timeout=5) == 0
    second.release()


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StartError) as refused:
        RunLock(tmp_path / "file" / "data").take()

    assert refused.value.code == "data_dir_unusable"


def test_a_taken_port_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(StartError) as refused:
        ensure_free("127.0.0.1", taken.getsockname()[1])

    assert refused.value.code == "port_taken"


def test_an_unknown_host_is_refused() -> None:
    with pytest.raises(StartError) as refused:
        ensure_free("no.such.host.invalid", 8000)

    assert refused.value.code == "host_unknown"


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(StartError) as refused:
        ensure_free("192.0.2.1", 8000)

    assert refused.value.code == "port_refused"


def test_a_free_port_is_free() -> None:
    ensure_free("127.0.0.1", free_port())


@pytest.mark.parametrize("text", ["80000", "-1", "http"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        port(text)


def test_zero_is_any_port() -> None:
    assert port("0") == 0
