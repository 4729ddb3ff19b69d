"""The units for systemd start what there is, and never give up."""

from __future__ import annotations

import argparse
import importlib
import re
from pathlib import Path

import pytest

from bridge.metrics_folder import NAME
from bridge.verbs import VERBS

UNITS = sorted((Path(__file__).resolve().parents[2] / "deploy" / "systemd").iterdir())


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_it_starts_a_service_with_options_that_it_has(unit: Path) -> None:
    text = unit.read_text()
    found = re.search(r"^ExecStart=\S+/python -P -m bridge (\S+)(.*)$", text, re.MULTILINE)
    assert found
    parser = argparse.ArgumentParser(exit_on_error=False)

    importlib.import_module(f"bridge.verbs.{found[1]}").arguments(parser)

    assert VERBS[found[1]].counts
    assert parser.parse_known_args(found[2].split())[1] == []
    assert f"Environment={NAME}=/run/bridge/" in text
    assert {"Restart=always", "StartLimitIntervalSec=0", "RuntimeDirectory=bridge"} <= set(text.splitlines())


def test_there_is_one_for_web_and_one_for_workers() -> None:
    assert [unit.name for unit in UNITS] == ["bridge-web.service", "bridge-worker@.service"]
