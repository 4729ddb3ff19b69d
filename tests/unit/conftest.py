"""Properties are looked for in few examples here and without a clock; the profile `long` searches deeper."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

PROFILES = {"unit": 40, "long": 2_000}  # examples of each property
for name, examples in PROFILES.items():
    checks = [HealthCheck.too_slow]
    settings.register_profile(name, max_examples=examples, deadline=None, suppress_health_check=checks)


def pytest_configure(config: pytest.Config) -> None:
    """A profile that the command line names stands."""
    if not config.getoption("--hypothesis-profile"):
        settings.load_profile("unit")
