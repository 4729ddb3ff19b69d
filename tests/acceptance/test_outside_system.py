"""A system outside the repository: one module in the working directory, named in BRIDGE_SYSTEMS, and nothing else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.acceptance.running import Running, eventually, greeted

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
GADGETS = [
    {"id": n, "title": f"Gadget {n}", "price": "9.90", "updated_at": "2026-01-01T00:00:00Z"}
    for n in range(1, 8)
]


class Shop(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        key = self.path.partition("?")[0].removeprefix("/gadgets").strip("/")
        found = [row for row in GADGETS if not key or str(row["id"]) == key]
        body = json.dumps(found[0] if key and found else {"items": found}).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Keep the test's output clean."""


@pytest.fixture
def shop() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def up(tmp_path: Path, shop: str) -> Iterator[Running]:
    (tmp_path / "shop.py").write_text(readme_module().replace("http://127.0.0.1:9000", shop))
    with greeted(tmp_path, BRIDGE_SYSTEMS="shop", BRIDGE_BUILTIN_SYSTEMS="apismith") as running:
        yield running


def readme_module() -> str:
    """The module that README shows, as it stands there."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return text.partition("```python\n# shop.py\n")[2].partition("```")[0]


def test_it_syncs_and_is_served_documented_and_shown(up: Running) -> None:
    eventually(lambda: up.entities()["shop.gadgets"]["records"] == len(GADGETS), up)

    status, record = up.get("/api/v1/gadgets/3")
    assert (status, record["data"]["name"], record["data"]["price"]) == (200, "Gadget 3", "9.9")
    status, page = up.get("/api/v1/shop/gadgets?name=Gadget%205")
    assert [item["key"] for item in page["items"]] == ["5"]
    status, schema = up.get("/api/schema?format=json")
    assert status == 200
    assert {"/api/v1/gadgets", "/api/v1/shop/gadgets/{key}"} <= set(schema["paths"])


def test_readmes_module_is_short() -> None:
    assert 10 < len(readme_module().splitlines()) <= 40
