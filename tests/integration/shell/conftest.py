"""Runs verbs in this process, on the test database."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from bridge.cli import main


class Shell:
    """What a person types, and what they get."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *arguments: str) -> int:
        """Run `bridge …`; its exit code. Its words are in `out` and `err`."""
        self._capsys.readouterr()
        code = main(arguments)
        self.out, self.err = self._capsys.readouterr()
        return code

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


@pytest.fixture
def shell(db: None, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    """A shell; what a command sets for its process is put back."""
    root = logging.getLogger()
    handlers, level, environment = root.handlers[:], root.level, dict(os.environ)
    yield Shell(capsys)
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(False)
    structlog.reset_defaults()
    os.environ.clear()
    os.environ.update(environment)
