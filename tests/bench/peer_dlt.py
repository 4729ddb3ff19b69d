"""The peer: dlt reads the same pages (rest_api) into the same server (postgres, merge by key).

    python -m tests.bench.peer_dlt FAR_END_URL DATABASE_URL FOLDER

Prints one JSON object: seconds of the first load and of the one with changes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any


def main(url: str, database: str, folder: Path) -> dict[str, float]:
    """Load twice; seconds of each."""
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    import dlt  # after the environment is set
    from dlt.destinations import postgres

    pipeline = dlt.pipeline(
        "peer",
        destination=postgres(_credentials(database)),
        dataset_name="peer",
        pipelines_dir=str(folder),
    )
    figures = {}
    for name, path in (("initial", "first"), ("changed", "second")):
        began = time.perf_counter()
        pipeline.run(_source(url, path))
        figures[name] = round(time.perf_counter() - began, 2)
    return figures


def _credentials(database: str) -> Any:
    from psycopg.conninfo import conninfo_to_dict

    parts = conninfo_to_dict(database)
    # dlt wants a host and a password; libpq takes the socket's folder from the query.
    return f"postgresql://{parts['user']}:none@localhost/{parts['dbname']}?host={parts['host']}"


def _source(url: str, path: str) -> Any:
    from dlt.sources.rest_api import rest_api_source

    paginator: dict[str, Any] = {
        "type": "offset",
        "limit": 1000,
        "offset_param": "offset",
        "limit_param": "limit",
        "total_path": "total",
    }
    endpoint: dict[str, Any] = {"path": path, "data_selector": "items", "paginator": paginator}
    resource: Any = {"name": "rows", "primary_key": "ID", "write_disposition": "merge", "endpoint": endpoint}
    return rest_api_source({"client": {"base_url": url}, "resources": [resource]})


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))))
