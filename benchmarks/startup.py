"""How long a user waits: import, help, a small ladder, the brief of tungsten, each in a fresh interpreter.

Medians of five, in seconds and as multiples of `python -c pass` measured in the same run. Exits 1 where a budget is
broken. Needs the core install.
"""

from __future__ import annotations

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


def measure(arguments: list[str], folder: str) -> float:
    """Return the median of the times of a fresh interpreter, in seconds."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", *arguments], cwd=folder, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> int:
    """Measure all cases and print them; return the exit code."""
    broken = 0
    yardstick = 0.0
    print(f"{'case':34} {'s':>7} {'x yardstick':>12} {'budget s':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for case, (arguments, budget) in CASES.items():
            seconds = measure(arguments, folder)
            yardstick = yardstick or seconds
            over = budget is not None and seconds > budget
            broken += over
            allowed = "" if budget is None else f"{budget:g}"
            print(f"{case:34} {seconds:7.3f} {seconds / yardstick:12.1f} {allowed:>9}{'  OVER' if over else ''}")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
