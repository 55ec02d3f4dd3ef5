"""How long a user waits: import, help, a small ladder, the brief of tungsten, each in a fresh interpreter.

Medians of five, in seconds and as multiples of `python -c pass` measured in the same run; one start before them, not
counted, lets Python keep its compiled modules, as any second start finds them. Processor seconds stand beside, since
waiting grows with whatever else the machine does. Exits 1 where a budget is broken. Needs the core install.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

CLI = "import sys; from ytterby.cli import main; sys.argv[0] = 'ytterby'; sys.exit(main())"
CASES: dict[str, tuple[list[str], float | None]] = {
    "python -c pass": (["pass"], None),
    "import ytterby": (["import ytterby"], 0.3),
    "ytterby --help": ([CLI, "--help"], 0.5),
    "ytterby ladder toy": ([CLI, "ladder", "toy"], None),
    "ytterby brief tungsten --for EU": ([CLI, "brief", "tungsten", "--for", "EU"], 10.0),
}
RUNS = 5


def measure(arguments: list[str], folder: str) -> tuple[float, float]:
    """Return the medians of elapsed and of processor seconds of a fresh interpreter."""
    environment = os.environ | {"PYTHONPYCACHEPREFIX": os.path.join(folder, "compiled")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    elapsed, worked = [], []
    for _ in range(RUNS + 1):
        start, before = time.perf_counter(), os.times()
        subprocess.run([sys.executable, "-c", *arguments], cwd=folder, env=environment, check=True, capture_output=True)
        after = os.times()
        elapsed.append(time.perf_counter() - start)
        worked.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return statistics.median(elapsed[1:]), statistics.median(worked[1:])


def main() -> int:
    """Measure all cases and print them; return the exit code."""
    broken = 0
    yardstick = 0.0
    print(f"{'case':34} {'s':>7} {'x yardstick':>12} {'budget s':>9} {'processor s':>12}")
    with tempfile.TemporaryDirectory() as folder:
        for case, (arguments, budget) in CASES.items():
            seconds, worked = measure(arguments, folder)
            yardstick = yardstick or seconds
            over = budget is not None and seconds > budget
            broken += over
            allowed = "" if budget is None else f"{budget:g}"
            ratio = seconds / yardstick
            print(f"{case:34} {seconds:7.3f} {ratio:12.1f} {allowed:>9} {worked:12.3f}{'  OVER' if over else ''}")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
