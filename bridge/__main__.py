"""`python -m bridge` is `bridge`, for where the script is not on the path."""

import sys

from bridge.cli import main

if __name__ == "__main__":
    sys.exit(main())
