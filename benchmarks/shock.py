"""Shock: 10,000 runs of tungsten, and a synthetic chain of 2,000 nodes and 8,000 arcs, compiled beside NumPy.

    python benchmarks/shock.py [--workers 2]

Wall time; compiled kernels are warm and cached. Budgets: 10,000 runs x 60 months of tungsten under 20 s and 2 GiB;
10,000 scenario-years a second on the synthetic chain. Says what was reached and exits 1 where one is broken.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ytterby.chain import load_chain
from ytterby.shock import Rules, ShockOptions, Stop, compiled, kernel, shock
from ytterby.shock.rules import Draws, Exposure
from ytterby.shock.system import Parts, System, assemble

LEVELS, WIDTH, FAN, MONTHS = 5, 400, 5, 60
BLOCKS = 8


def synthetic(seed: int = 1) -> System:
    """Return five levels of 400 nodes, each fed by five of the level above."""
    rng = np.random.default_rng(seed)
    level = np.repeat(np.arange(LEVELS), WIDTH)
    is_use = level == LEVELS - 1
    base = np.where(is_use, rng.uniform(1, 10, level.size), 0.0)
    slot_node, good_node = np.flatnonzero(level > 0), np.flatnonzero(~is_use)
    maker = np.concatenate([(level[n] - 1) * WIDTH + rng.choice(WIDTH, FAN, replace=False) for n in slot_node]).reshape(
        -1, FAN
    )
    weight = rng.dirichlet(np.ones(FAN), slot_node.size)
    flow = np.zeros_like(weight)
    for at in range(LEVELS - 1, 0, -1):
        mine = level[slot_node] == at
        flow[mine] = weight[mine] * base[slot_node[mine]][:, None]
        np.add.at(base, maker[mine].ravel(), flow[mine].ravel())
    count = flow.size
    return assemble(
        Parts(
            level=level,
            base=base,
            capacity=base * np.where(is_use, 1.0, 1.3),
            is_use=is_use,
            slot_node=slot_node,
            slot_need=np.ones(slot_node.size),
            slot_cover=np.ones(slot_node.size),
            slot_kind=np.zeros(slot_node.size, dtype=np.int64),
            good_node=good_node,
            good_per_t=np.ones(good_node.size),
            arc_good=maker.ravel(),
            arc_slot=np.repeat(np.arange(slot_node.size), FAN),
            arc_flow=flow.ravel(),
            arc_delay=rng.integers(0, 3, count),
            arc_factor=np.ones(count),
            arc_priority=np.zeros(count),
            arc_limit=np.full(count, np.inf),
        )
    )


def rates(workers: int) -> dict[str, float]:
    """Return scenario-years a second: NumPy, one thread, all workers."""
    system, count = synthetic(), BLOCKS * compiled.LANES
    course = np.zeros((MONTHS, count))
    course[3:9] = np.random.default_rng(2).uniform(0, 1, count)
    draws = Draws(course, np.zeros(count, int), np.ones((1, count)), np.ones(count), np.full(count, 0.5))
    nodes = np.zeros((1, system.base.size))
    nodes[0, :30] = 1.0
    exposure, rules = Exposure(nodes, np.zeros((1, system.arc_good.size))), Rules()
    parts = [draws.part(at, at + compiled.LANES) for at in range(0, count, compiled.LANES)]
    compiled.propagate(system, parts[0], exposure, rules)

    def timed(work: object, scenarios: int) -> float:
        start = time.perf_counter()
        work()  # type: ignore[operator]
        return scenarios * MONTHS / 12 / (time.perf_counter() - start)

    def spread(threads: int) -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda part: compiled.propagate(system, part, exposure, rules), parts))

    return {
        "NumPy": timed(lambda: kernel.propagate(system, draws.part(0, 16), exposure, rules), 16),
        "compiled, 1 thread": timed(lambda: spread(1), count),
        f"compiled, {workers} threads": timed(lambda: spread(workers), count),
    }


def main() -> int:
    """Run both and compare with the budgets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    workers = parser.parse_args().workers
    found = rates(workers)
    for name, rate in found.items():
        print(f"{name}: {rate:,.0f} scenario-years/s")
    chain, options = load_chain("tungsten"), ShockOptions(stops=("owner:china-minmetals",), stop=Stop(), bound=False)
    shock(chain, ShockOptions(stops=options.stops, runs=2, bound=False))
    start = time.perf_counter()
    shock(chain, ShockOptions(stops=options.stops, runs=10_000, bound=False), workers=workers)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"tungsten, 10,000 runs x 60 months: {seconds:.1f} s, {peak:.2f} GiB at the peak")
    return int(seconds > 20 or peak > 2 or max(found.values()) < 10_000)


if __name__ == "__main__":
    sys.exit(main())
