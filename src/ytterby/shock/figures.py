"""Figures of a shock as SVG: part of use unmet by month with its interval, and the ranking of stops."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ytterby.shock.result import ShockResult

SHOWN = 15
INK, FILL = "#1f4e79", "#9dc3e6"


def write_figures(result: ShockResult, folder: Path) -> list[Path]:
    """Write the figures into a folder, made where it is not there; return their paths."""
    from matplotlib.figure import Figure

    from ytterby.chain.descriptor import write_bytes

    monthly = result.tables["monthly"]
    fan = Figure(figsize=(7, 3.5), layout="constrained")
    axes = fan.subplots()
    month = monthly["month"].to_numpy()
    low, middle, high = (100 * monthly[name].to_numpy() for name in ("p05", "p50", "p95"))
    axes.fill_between(month, low, high, color=FILL, label="5 to 95 % of runs")
    axes.plot(month, middle, color=INK, label="median of the month")
    axes.set(xlabel="month", ylabel="use unmet, %", title=f"{result.metal}: {result.stop}")
    axes.legend(frameon=False)
    ranking = result.tables["ranking"].head(SHOWN).reverse()
    bars = Figure(figsize=(7, 1.5 + 0.3 * ranking.height), layout="constrained")
    axes = bars.subplots()
    low, middle, high = (100 * ranking[f"lost_share_{name}"].to_numpy() for name in ("p05", "p50", "p95"))
    axes.barh(ranking["stop"].to_list(), middle, color=FILL)
    axes.hlines(range(ranking.height), low, high, color=INK)
    axes.set(xlabel=f"use lost over {result.horizon} months, % (line: 5 to 95 % of runs)", title=result.metal)
    written = []
    for name, figure in (("unmet", fan), ("ranking", bars)):
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
        written.append(write_bytes(folder / f"shock-{name}.svg", buffer.getvalue()))
    return written
