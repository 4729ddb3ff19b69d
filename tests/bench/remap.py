"""How fast a mapping is rehearsed over stored rows, and how fast they are made anew by it.

    python -m tests.bench.remap --rows 100000 [--json]

Every record changes: the mapping writes the note in capitals. The last line of `--json` is one object.
"""

from __future__ import annotations

import argparse
import os
from typing import Any

from tests.bench import here
from tests.bench.rows import write_pages

RULES = {"fields": {"note": {"clean": ["upper"]}}}


def main() -> None:
    """Run the benchmark and print what it measured."""
    asked = here.options(__doc__)
    with here.bridge("tests.bench.system") as folder:
        write_pages(folder / "pages", asked.rows, changed=0.0)
        with here.program("tests.bench.serve", str(folder / "pages")) as url:
            os.environ["BENCH_URL"] = url
            here.sync("bench.rows")
        here.settle_down()
        figures = _measure(asked)
    figures["peak_rss_mib"] = here.peak_rss_mib()
    here.tell(asked, figures)


def _measure(asked: argparse.Namespace) -> dict[str, Any]:
    from sync.audit import Actor
    from sync.mapping import acts
    from sync.registry import registry

    by, registered = Actor(name="bench", door="shell"), registry.find("bench.rows")
    draft = acts.draft(registered, RULES, by=by)
    figures: dict[str, Any] = {"rows": asked.rows}
    for name in ("rehearsed", "remapped"):
        if name == "remapped":
            acts.activate(draft.pk, by=by)
        ran = here.run(
            acts.rehearse(draft.pk, by=by) if name == "rehearsed" else acts.remap(registered, by=by)
        )
        rows = round(asked.rows / ran.seconds)
        figures |= {f"{name}_seconds": round(ran.seconds, 2), f"{name}_a_second": rows}
        here.say(asked, f"{name:9} {ran.seconds:7.2f} s {rows:9,} rows/s")
    return figures


if __name__ == "__main__":
    main()
