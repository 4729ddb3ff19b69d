"""What `bridge up` tells when all is served: where things are, and how to come in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - shown, not bound


@dataclass(frozen=True, kw_only=True)
class Greeting:
    """The facts of it."""

    url: str
    admin: tuple[str, str | None] | None
    token: str
    example: str  # path of an entity's list
    sandbox_port: int | None
    data_dir: Path
    default_data_dir: bool

    def text(self) -> str:
        """The words."""
        places = [
            ("Welcome", f"{self.url}/"),
            ("Docs", f"{self.url}/docs"),
            ("Admin", f"{self.url}/admin/   {self._login()}"),
            ("Metrics", f"{self.url}/metrics"),
            ("Data", str(self.data_dir)),
        ]
        if self.sandbox_port:
            control = f"http://127.0.0.1:{self.sandbox_port}/_control   rows, moods and log of the far ends"
            places.insert(4, ("Sandbox", control))
        listed = "\n".join(f"  {name:<9}{place}" for name, place in places)
        command = "bridge status" if self.default_data_dir else f"bridge status --data-dir {self.data_dir}"
        return (
            f"\nBridge is up.\n\n{listed}\n\nAsk for records:\n\n"
            f"  curl -H 'Authorization: Bearer {self.token}' '{self.url}{self.example}?limit=5'\n\n"
            f"In another terminal: {command}. Ctrl-C here stops everything.\n"
        )

    def _login(self) -> str:
        if self.admin is None:
            return "with a login of yours"
        name, password = self.admin
        return (
            f"user {name}, password {password}" if password else f"user {name}, with the password you gave it"
        )


def address(host: str, port: int) -> str:
    """The URL at which this machine reaches what listens on `host`."""
    name = WILDCARDS.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{name}:{port}"


def example_path() -> str:
    """The path of a list worth asking for: customers where there are any."""
    from sync.registry import registry

    owned = registry.bare_names()
    if owned:
        return f"/api/v1/{'customers' if 'customers' in owned else next(iter(owned))}"
    first = next(iter(registry), None)
    return f"/api/v1/{first.path.replace('.', '/')}" if first else "/api/v1/health"
