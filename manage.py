#!/usr/bin/env python
"""Django's command line; `bridge` is the same with verbs of its own."""

import sys

from bridge.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
