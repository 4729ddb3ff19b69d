"""One sandbox for all systems' tests, as new for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridge.sandbox.server import Sandbox
from tests import sandboxed


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with pytest.MonkeyPatch.context() as patch:
        # The far end reads its secret when it starts.
        patch.setenv("INTERNAL_SERVICE_JWT_SECRET", sandboxed.CREDENTIALS["INTERNAL_SERVICE_JWT_SECRET"])
        with Sandbox() as sandbox:
            yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The sandbox in its first state, and the environment that leads to it."""
    sandboxed.control(running_sandbox, "POST", "reset")
    for name, value in sandboxed.environment(running_sandbox).items():
        monkeypatch.setenv(name, value)
    return running_sandbox
