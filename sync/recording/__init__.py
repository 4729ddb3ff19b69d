"""Recorded answers of a far end: a file of gzipped JSON lines, written by `bridge record`, replayed by dry runs.

The first line is the head: what was asked of which entity, and when. Each further line is one exchange, as the client
asked and as the far end answered. The last one is the end; a file without it was cut. Requests are taken down before
they are signed, and secrets in headers and bodies are replaced by ***.
"""

from __future__ import annotations

FORMAT = 1
"""Raise it when files of before can be read no more."""
