"""Write what a far end answers to a file, without reading it into the mirror; `sync --dry-run --recorded` replays it.

bridge record apismith.items --to items.jsonl.gz            what changed since the last sync
bridge record apismith.items --full --to items.jsonl.gz     everything, 100 pages at most unless --pages says more
bridge record apismith.items --full --to items.json         as JSON that people read, for tests of the system
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from bridge.exits import OK
from bridge.printing import print_json
from bridge.verbs.values import count


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("entity", metavar="ENTITY", help="such as netsuite.customers, or a bare name it owns")
    parser.add_argument(
        "--to", type=Path, required=True, metavar="FILE", help="gzipped JSON lines; x.json for tests"
    )
    parser.add_argument("--full", action="store_true", help="what a full sync reads")
    parser.add_argument("--since", metavar="T", help="what a sync since this moment reads")
    parser.add_argument("--pages", type=count, metavar="N", help="at most so many (default 100)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Record, and tell what the file has."""
    from sync.jobs.claim import tried
    from sync.pipeline.run import open_run
    from sync.recording.write import record
    from sync.registry import registry
    from sync.start import PAGES, asked_params, most_pages

    registered = registry.find(options.entity)
    params = asked_params(registered, since=options.since, full=options.full)
    most = most_pages(options.pages or PAGES)
    recorded = record(open_run(tried("record", registered, params)), options.to, most=most)
    if options.json:
        print_json({"file": str(options.to), **recorded.told()})
        return OK
    rest = "" if recorded.complete else " There is more: --pages N reads on."
    secrets = f" {recorded.redacted} secrets were taken out." if recorded.redacted else ""
    pages = "1 page" if recorded.pages == 1 else f"{recorded.pages:,} pages"
    words = f"{recorded.rows:,} rows in {pages} of {registered.path}"
    print(f"{words} are in {options.to}.{secrets}{rest}")
    return OK
