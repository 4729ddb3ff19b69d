"""`python -m bridge.sandbox`, also `bridge sandbox`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from bridge.sandbox.server import HOST, PORT, Sandbox, serve


def main(argv: Sequence[str] | None = None) -> int:
    """Run the sandbox until SIGTERM or SIGINT. Returns the exit code: 0, or 2 when it cannot listen."""
    options = _parser().parse_args(argv)
    try:
        serve(options.host, options.port, ready=_announce)
    except OSError as error:
        print(
            f"cannot listen on {options.host}:{options.port}: {error.strerror}; try --port", file=sys.stderr
        )
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bridge sandbox", description="The far ends, for trying and testing."
    )
    parser.add_argument("--host", default=HOST, help=f"address to listen on (default {HOST})")
    parser.add_argument("--port", default=PORT, type=int, help=f"port, 0 for a free one (default {PORT})")
    return parser


def _announce(sandbox: Sandbox) -> None:
    mounted = " ".join(f"{sandbox.url}/{name}" for name in sandbox.systems)
    print(f"sandbox: {mounted} (control: {sandbox.url}/_control)", flush=True)


if __name__ == "__main__":
    sys.exit(main())
