"""The sandbox as tests use it: its environment, its moods, its rows, its journal."""

from __future__ import annotations

from typing import Any

import msgspec
import requests

from bridge.sandbox.server import Sandbox
from bridge.systems.apismith.sandbox import CREDENTIALS as APISMITH_CREDENTIALS
from bridge.systems.netsuite.sandbox import CREDENTIALS as NETSUITE_CREDENTIALS
from bridge.systems.notifications.sandbox import CREDENTIALS as NOTIFICATIONS_CREDENTIALS
from bridge.systems.schedulehub.sandbox import CREDENTIALS as SCHEDULEHUB_CREDENTIALS

CREDENTIALS = {
    **NETSUITE_CREDENTIALS,
    **APISMITH_CREDENTIALS,
    **SCHEDULEHUB_CREDENTIALS,
    **NOTIFICATIONS_CREDENTIALS,
}


def environment(sandbox: Sandbox) -> dict[str, str]:
    """What leads the clients of the systems to a running sandbox."""
    urls = {f"{name.upper()}_URL": f"{sandbox.url}/{name}" for name in sandbox.systems}
    private = {f"{name.upper()}_PRIVATE": "true" for name in sandbox.systems}
    return {**CREDENTIALS, **urls, **private}


def switch(sandbox: Sandbox, system: str, mood: str, **facts: Any) -> None:
    """Put a system in a mood."""
    control(sandbox, "POST", f"{system}/mood", {"mood": mood, **facts})


def change(sandbox: Sandbox, row: str, columns: str) -> None:
    """Change a row such as `netsuite/customers/1`; `columns` is JSON, kept to the character."""
    control(sandbox, "PATCH", row, msgspec.Raw(columns.encode()))


def delete(sandbox: Sandbox, row: str) -> None:
    """Take a row out."""
    control(sandbox, "DELETE", row)


def asked(sandbox: Sandbox, system: str) -> list[dict[str, Any]]:
    """What a system was asked since the last reset."""
    found: list[dict[str, Any]] = control(sandbox, "GET", f"{system}/log").json()["requests"]
    return found


def control(sandbox: Sandbox, method: str, path: str, body: Any = None) -> requests.Response:
    """Ask the sandbox's own pages."""
    data = b"" if body is None else msgspec.json.encode(body)
    answer = requests.request(method, f"{sandbox.url}/_control/{path}", data=data, timeout=10)
    assert answer.ok, answer.text
    return answer
