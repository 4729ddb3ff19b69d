"""`python -m tests.chaos`: the crash matrix, on loopback only.

    python -m tests.chaos --short
    python -m tests.chaos --long --write
    python -m tests.chaos --pairs
    python -m tests.chaos --seed 7 --only 'worker@ingest/*/away6'

Exit code 1 where a cell is red. `--kept FILE` adds the runs to a file of JSON lines, from which `--write` makes the
table, so that a long run can be done in parts (`--part 2/5`).
"""

from __future__ import annotations

import argparse
import json
import sys
from fnmatch import fnmatch
from pathlib import Path

from tests.chaos import cells, report
from tests.chaos.matrix import Matrix
from tests.chaos.ran import Ran


def main() -> int:
    """Run what is asked for."""
    options = _options()
    chosen = _chosen(options)
    part, parts = (int(number) for number in options.part.split("/"))
    chosen = chosen[part - 1 :: parts][: options.most]
    print(f"{len(chosen)} cells in {options.worlds} worlds, seed {options.seed}", flush=True)
    ran = Matrix(chosen, options.seed, _teller(options.kept)).run(options.worlds)
    red = [one for one in ran if one.broken]
    print(f"{len(ran)} runs, {len(red)} red")
    if options.write:
        report.PATH.write_text(report.text(_kept(options.kept) or ran))
    return 1 if red or len(ran) < len(chosen) else 0


def _chosen(options: argparse.Namespace) -> list[cells.Cell]:
    if options.only:
        return [cell for cell in {*cells.long(), *cells.short()} if fnmatch(cell.key, options.only)]
    if options.pairs:
        return cells.pairs(options.seed)
    return cells.short() if options.short else cells.shuffled(cells.long(), options.seed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--short", action="store_true", help="five cells, as in CI")
    form.add_argument("--pairs", action="store_true", help="as few as put each two things together")
    form.add_argument("--long", action="store_true", help="all cells (the default)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", metavar="CELL", help="these cells, with * and ?")
    parser.add_argument("--part", default="1/1", metavar="N/M", help="the Nth of M parts")
    parser.add_argument("--most", type=int, metavar="N", help="so many cells at most")
    parser.add_argument("--worlds", type=int, default=6, help="run side by side (6)")
    parser.add_argument("--kept", type=Path, metavar="FILE", help="add the runs to this file")
    parser.add_argument("--write", action="store_true", help=f"write {report.PATH.name}")
    return parser.parse_args()


def _teller(kept: Path | None) -> report.Tell:
    def tell(ran: Ran) -> None:
        words = "; ".join(ran.broken) or "holds"
        wait = "" if ran.recovery is None else f", went on after {ran.recovery} s"
        print(f"{ran.key:40} {ran.seconds:6.1f} s{wait}: {words}", flush=True)
        if kept:
            with kept.open("a") as file:
                file.write(json.dumps(ran.told()) + "\n")

    return tell


def _kept(kept: Path | None) -> list[Ran]:
    """The last run of each cell and seed."""
    if kept is None:
        return []
    runs = [Ran(**json.loads(line)) for line in kept.read_text().splitlines()]
    return list({(one.key, one.seed): one for one in runs}.values())


if __name__ == "__main__":
    sys.exit(main())
