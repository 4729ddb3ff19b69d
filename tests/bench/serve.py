"""The benchmark's far end: pages from a file, over HTTP, in a process of its own."""

from __future__ import annotations

import json
import mmap
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.bench.rows import PAGE

NOTHING = b'{"items":[],"hasMore":false,"total":0}'


class Pages:
    """The pages of one file."""

    def __init__(self, folder: Path, name: str) -> None:
        self.offsets = json.loads((folder / f"{name}.json").read_text())["offsets"]
        self._file = (folder / f"{name}.pages").open("rb")
        self._content = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)

    def page(self, offset: int) -> memoryview:
        """The page that begins with row number `offset`."""
        place = offset // PAGE
        return memoryview(self._content)[self.offsets[place] : self.offsets[place + 1]]


def serve(folder: Path) -> None:
    """Serve /first, /second and /one, as far as they were written, and /none until ended; prints the address first."""
    there = [name for name in ("first", "second", "one") if (folder / f"{name}.pages").exists()]
    pages = {name: Pages(folder, name) for name in there}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            split = urlsplit(self.path)
            name, offset = split.path.strip("/"), int(parse_qs(split.query)["offset"][0])
            body = NOTHING if name == "none" else pages[name].page(offset)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
