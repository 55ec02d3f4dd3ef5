"""GeoPolRisk beside geopolrisk-py 2.0.1: cold first score, time per score of a full table, peak memory.

    python benchmarks/geopolrisk.py [--reference-python PATH]

PATH is a Python 3.11 with geopolrisk-py==2.0.1 and pandas<=2.3.3. Each case runs in a fresh interpreter of its own and
reports its time and its peak resident memory; the reference is timed on a sample of places, since its full table takes
hours. Budgets: first score at most 1/100, a score of the full table at most 1/500, memory at most 1/6 of the
reference's; the full table under 10 s. Exits 1 where one is broken.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile

MEMORY = "resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024"
OURS = f"""
import json, resource, time
start = time.perf_counter()
from ytterby.chain import load_world
from ytterby.ladder.geopolrisk import geopolrisk_table
world = load_world()
case = dict(materials=["tungsten"], places=["JPN"], years=[2022], method="geopolrisk-py")
one = geopolrisk_table(world, blocs=world.blocs, **case)
first = time.perf_counter() - start
start = time.perf_counter()
table = geopolrisk_table(world, blocs=world.blocs, years=range(2018, 2025))
full = time.perf_counter() - start
scores = int(table["score"].is_not_null().sum())
print(json.dumps(dict(first=first, full=full, scores=scores, score=one["score"][0], memory={MEMORY})))
"""
REFERENCE = f"""
import contextlib, io, json, resource, time
start = time.perf_counter()
with contextlib.redirect_stdout(io.StringIO()):
    from geopolrisk.assessment.main import gprs_calc
    from geopolrisk.assessment.utils import default_rmlist
    one = gprs_calc([2022], ["Japan"], ["Tungsten"])
    first = time.perf_counter() - start
    start = time.perf_counter()
    table = gprs_calc([2021, 2022], ["EU", "Japan", "Germany", "Brazil"], default_rmlist())
    full = time.perf_counter() - start
score = float(one["GeoPolRisk Score"].iloc[0])
print(json.dumps(dict(first=first, full=full, scores=len(table), score=score, memory={MEMORY})))
"""


def measure(python: str, code: str) -> dict[str, float]:
    """Run a case in a fresh interpreter with a home of its own and return what it printed last."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [python, "-c", code], env=os.environ | {"HOME": home}, check=True, stdout=subprocess.PIPE, text=True,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def report(who: str, case: dict[str, float]) -> None:
    """Print one line of measurements."""
    table = f"table of {case['scores']:.0f} scores {case['full']:.3f} s"
    print(f"{who:10} first score {case['first']:.3f} s   {table}   peak {case['memory']:.0f} MiB")


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description="Time GeoPolRisk tables beside geopolrisk-py.")
    parser.add_argument("--reference-python", help="a Python that has geopolrisk-py 2.0.1")
    options = parser.parse_args()
    ours = measure(sys.executable, OURS)
    report("ours", ours)
    broken = ours["full"] > 10.0
    if options.reference_python is None:
        print("reference  not run: give --reference-python")
        return int(broken)
    theirs = measure(options.reference_python, REFERENCE)
    report("reference", theirs)
    difference = abs(ours["score"] / theirs["score"] - 1)
    ratios = {
        "first score": (theirs["first"] / ours["first"], 100),
        "per score": (theirs["full"] / theirs["scores"] / (ours["full"] / ours["scores"]), 500),
        "memory": (theirs["memory"] / ours["memory"], 6),
    }
    for name, (ratio, wanted) in ratios.items():
        missed = ratio < wanted
        broken |= missed
        print(f"{name:11} {ratio:8.1f} times less, at least {wanted} wanted{'  MISSED' if missed else ''}")
    print(f"the first score differs by {difference:.1e}")
    return int(broken or difference > 1e-6)


if __name__ == "__main__":
    sys.exit(main())
