"""Points the systems that have no address of their own at the sandbox."""

from __future__ import annotations

import os
from collections.abc import Mapping

from bridge import env
from bridge.services.port import free_port

HOST = "127.0.0.1"


def use_sandbox() -> int | None:
    """Set URL and credentials of each system that has neither in our environment; return the sandbox's port.

    None where each has its own: credentials of yours never go to an address of our choosing.
    """
    homeless = [name for name in sandboxed_systems() if not _is_configured(name)]
    if not homeless:
        return None
    if not env.secret("INTERNAL_SERVICE_JWT_SECRET"):
        os.environ["INTERNAL_SERVICE_JWT_SECRET"] = env.kept_secret("internal_service_jwt_secret")
    port = free_port(HOST)
    for name in homeless:
        os.environ[f"{name.upper()}_URL"] = f"http://{HOST}:{port}/{name}"
        os.environ[f"{name.upper()}_PRIVATE"] = "true"  # this machine is no address of the public internet
        os.environ.update(_credentials(name))
    return port


def sandboxed_systems() -> list[str]:
    """The built-in systems in use that the sandbox can stand in for."""
    from bridge.sandbox.dispatch import SYSTEMS
    from bridge.systems import SYSTEMS as BUILTIN

    chosen = env.listing("BRIDGE_BUILTIN_SYSTEMS", default=list(BUILTIN))
    return [name for name in SYSTEMS if name in chosen and name in BUILTIN]


def _is_configured(name: str) -> bool:
    return any(env.secret(key) for key in (f"{name.upper()}_URL", *_credentials(name)))


def _credentials(name: str) -> Mapping[str, str]:
    from importlib import import_module

    found: Mapping[str, str] = import_module(f"bridge.systems.{name}.sandbox").CREDENTIALS
    return {key: value for key, value in found.items() if key.startswith(f"{name.upper()}_")}
