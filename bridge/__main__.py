"""The script `bridge`, and `python -m bridge` for where it is not on the path."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; the exit code. Ctrl-C ends it without a traceback while modules load, too."""
    try:
        from bridge.cli import main as run

        return run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
