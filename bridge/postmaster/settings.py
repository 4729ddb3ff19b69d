"""The embedded server's settings: durable, sized to the machine, made for batches of many rows.

They are written to `bridge.conf` at each start, since the machine may have changed; what an operator sets by
ALTER SYSTEM wins over them.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

MEBIBYTE = 1024 * 1024
SMALL_SHARED_MEMORY = 512 * MEBIBYTE


def settings(cluster: Path, *, durable: bool = True) -> dict[str, str]:
    """Return the settings for this machine; `durable=False` is for tests, whose data may be lost."""
    memory, free_disk = _memory_bytes(), shutil.disk_usage(cluster).free
    return (
        _memory(memory, most_shared=8192 if durable else 1024)
        | _write_ahead_log(free_disk, durable=durable)
        | _planner_and_vacuum(memory)
        | _log()
        | {
            "max_connections": "200",
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "dynamic_shared_memory_type": _shared_memory_type(),
        }
    )


def render(values: dict[str, str]) -> str:
    """Return the text of a configuration file."""
    quoted = ((name, value.replace("'", "''")) for name, value in values.items())
    head = "# Written by Bridge at each start. To change a value, use ALTER SYSTEM: it wins over this file.\n"
    return head + "".join(f"{name} = '{value}'\n" for name, value in quoted)


def _memory(memory: int, *, most_shared: int) -> dict[str, str]:
    return {
        # A quarter, as PostgreSQL's manual advises: a table that fits is read again, and changed, without a copy of
        # each page. Only what is used is taken. Emptying a table looks through all of them, which tests do often.
        "shared_buffers": f"{_between(32, memory // 4 // MEBIBYTE, most_shared)}MB",
        "effective_cache_size": f"{_between(128, memory // 2 // MEBIBYTE, 65536)}MB",
        "work_mem": f"{_between(4, memory // 512 // MEBIBYTE, 32)}MB",
        "maintenance_work_mem": f"{_between(32, memory // 32 // MEBIBYTE, 256)}MB",
    }


def _write_ahead_log(free_disk: int, *, durable: bool) -> dict[str, str]:
    switch = "on" if durable else "off"
    largest = _between(256, free_disk // 4 // MEBIBYTE, 16384)
    return {
        "fsync": switch,
        "synchronous_commit": switch,
        "full_page_writes": switch,
        "wal_level": "replica",
        "wal_buffers": "64MB" if durable else "16MB",
        "wal_compression": "pglz",  # the wheel is built without lz4 and zstd
        "min_wal_size": f"{max(80, largest // 8)}MB",
        # A checkpoint in the middle of a load logs each page whole once more; it comes at half of this.
        "max_wal_size": f"{largest}MB",
        "checkpoint_timeout": "30min",
    }


def _planner_and_vacuum(memory: int) -> dict[str, str]:
    return {
        "jit": "off",
        "random_page_cost": "1.1",
        # Queue, trackers and heartbeats are small tables rewritten all day: they want short visits, often.
        "autovacuum_naptime": "15s",
        "autovacuum_vacuum_scale_factor": "0.05",
        "autovacuum_analyze_scale_factor": "0.05",
        "autovacuum_vacuum_cost_limit": "1000",
        "autovacuum_work_mem": f"{_between(16, memory // 64 // MEBIBYTE, 128)}MB",
    }


def _log() -> dict[str, str]:
    return {
        "logging_collector": "on",
        "log_directory": "log",
        "log_filename": "postgresql-%Y-%m-%dT%H%M%S.log",
        "log_rotation_size": "10MB",  # the keeper deletes all but the newest ten
        "log_rotation_age": "0",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %a ",
        # Statements and details carry the records themselves, which don't belong in a log.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "lc_messages": "C",
    }


def _memory_bytes() -> int:
    """Return what this process may use: a container's limit where there is one, else the machine's memory."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            limit = Path(path).read_text().strip()
        except OSError:  # no such control group on this system
            continue
        if limit.isdigit():
            return min(machine, int(limit))
    return machine


def _shared_memory_type() -> str:
    """Return files where /dev/shm is as small as in many containers (64 MB): parallel queries need more."""
    shared = Path("/dev/shm")  # noqa: S108 - asked for its size, never written to
    roomy = not shared.is_dir() or shutil.disk_usage(shared).total >= SMALL_SHARED_MEMORY
    return "posix" if roomy else "mmap"


def _between(least: int, value: int, most: int) -> int:
    return max(least, min(value, most))
