"""How long loading takes: all packages into chains, and reading the same files with plain polars.

Medians of five, imports apart, caches emptied before each run; the check of the largest package beside it. Exits 1
where a budget is broken. Needs the core install.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import polars as pl

from ytterby.chain import check, load_chain, load_world, packaged_metals
from ytterby.chain.chain import clear_cache, data_folder

BUDGET_S = 1.0
RUNS = 5


def load_all() -> None:
    """Load the shared tables, the world and every metal, nothing kept from before."""
    clear_cache()
    load_world()
    for metal in packaged_metals():
        load_chain(metal)


def read_plainly() -> None:
    """Read every file of every package as polars does, unchecked."""
    for path in data_folder().glob("*/*.csv"):
        pl.read_csv(path, infer_schema=False)
    for path in data_folder().glob("*/*.parquet"):
        pl.read_parquet(path)


def measure(work: Callable[[], object]) -> float:
    """Return the median of the times of some work, in seconds."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> int:
    """Measure and print; return the exit code."""
    plain = measure(read_plainly)
    loaded = measure(load_all)
    checked = measure(lambda: check("world"))
    over = loaded > BUDGET_S
    print(f"{'case':34} {'s':>7} {'x plain':>8} {'budget s':>9}")
    print(f"{'plain polars, the same files':34} {plain:7.3f} {1.0:8.1f}")
    print(f"{'load all packages':34} {loaded:7.3f} {loaded / plain:8.1f} {BUDGET_S:9g}{'  OVER' if over else ''}")
    print(f"{'check world':34} {checked:7.3f} {checked / plain:8.1f}")
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
