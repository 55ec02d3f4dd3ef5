"""Plain sentences of a shock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from ytterby.shock.result import ShockResult

MOST = 3


def sentences(result: ShockResult) -> list[str]:
    """Return what stops, who runs short when and of how much, and what it rests on."""
    said = [
        f"If {result.stop} stops for {result.months:g} months, "
        f"{_between(result.lost_share, percent)} of the chain's use is lost over {result.horizon} months."
    ]
    if result.time_to_shortage_months["p05"] is None:
        said.append("Nobody runs short in 95 of 100 runs.")
    else:
        said.append(f"The first use runs short after {_between(result.time_to_shortage_months, months)} months.")
        if result.recovery_months["p95"] == 0:
            said.append("Use as a whole never falls below 95 %.")
        else:
            again = _between(result.recovery_months, months)
            said.append(f"95 % of all use is served again after {again} months (0: it never was less).")
    use = result.tables["use"].filter((pl.col("end_use") != "all") & (pl.col("unmet_share_p50") > 0.001))
    worst = use.sort("unmet_share_p50", "bloc", "end_use", descending=[True, False, False]).head(MOST)
    for end_use, bloc, share, t in worst.select("end_use", "bloc", "unmet_share_p50", "unmet_t_p50").iter_rows():
        said.append(f"{bloc}, {end_use}: {percent(share)} of use unmet, {t:,.0f} t in the median run.")
    if result.cover_needed_days is not None:
        said.append(f"Stocks of {result.cover_needed_days:,.0f} days at every plant and user would ride it through.")
    elif result.time_to_shortage_months["p50"] is not None:
        said.append("No stock of up to ten years at every plant and user would ride it through.")
    if result.bound_gap is not None:
        gap = result.bound_gap["p50"]
        said.append(f"Perfect foresight would lose {100 * gap:.1f} points less of the use in the median run.")
    return said


def percent(value: float | None) -> str:
    """Return a part as a percentage."""
    return "none" if value is None else f"{100 * value:.1f} %"


def months(value: float | None) -> str:
    """Return months, or that it does not come."""
    return "never" if value is None else f"{value:.1f}"


def _between(values: Mapping[str, float | None], words: object) -> str:
    say = words if callable(words) else str
    low, middle, high = (say(values[name]) for name in ("p05", "p50", "p95"))
    return f"{middle}" if low == middle == high else f"{middle} ({low} to {high})"
