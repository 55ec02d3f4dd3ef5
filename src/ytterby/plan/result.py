"""What a plan answers, as one frozen value: tables with documented columns, sentences, and the fixed shape as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ytterby.manifest import Manifest

TABLES: Mapping[str, tuple[str, ...]] = {
    "unmet": ("material", "end_use", "place", "year", "t"),
    "builds": ("process", "place", "year_decided", "year_ready", "capacity_t_per_a", "share_of_draws"),
    "flows": ("material", "from", "to", "year", "t"),
    "prices": ("material", "place", "year", "usd_per_t"),
    "binding": ("constraint", "place", "year", "shadow_price_usd", "unit"),
    "targets": ("target", "required", "reached", "met_in", "slack"),
}
FULL = ("builds", "binding", "targets")  # tables of the fixed shape that have more columns than it


@dataclass(frozen=True)
class PlanResult:
    """A plan.

    status: optimal, time_limit, gap_limit, or relaxed where targets had to give way
    tables: those of TABLES, and output (process, place, year, t), people (occupation, place, year, staff, needed,
        trained, hired), stock (material, place, year, t), calibration, worth (what one more unit is worth), figures
        (what the objective rests on), use (material, place, year, t)
    relaxed: for a target that cannot be met, what it would have to give way by, in sentences
    """

    metal: str
    bloc: str
    year: int
    until: int
    target: str | None
    status: str
    objective_usd: float
    undiscounted_usd: float
    cost_breakdown: Mapping[str, float]
    bloc_bill_usd: float
    assumed_share: float
    draws: int
    tables: Mapping[str, pl.DataFrame]
    notes: tuple[str, ...]
    relaxed: tuple[str, ...]
    manifest: Manifest
    seconds: Mapping[str, float] = field(default_factory=dict)

    def summary(self) -> list[str]:
        """Return the plan in plain sentences with figures."""
        from ytterby.plan.words import sentences

        return sentences(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the fixed shape as plain values; further tables, and those of it in full, stand under `more`."""
        fixed = {name: _rows(_named(name, self.tables[name]).select(columns)) for name, columns in TABLES.items()}
        more = {name: _rows(frame) for name, frame in self.tables.items() if name not in TABLES or name in FULL}
        return {
            "status": self.status,
            "objective_usd": self.objective_usd,
            "undiscounted_usd": self.undiscounted_usd,
            "cost_breakdown": dict(self.cost_breakdown),
            "bloc_bill_usd": self.bloc_bill_usd,
            "assumed_share": self.assumed_share,
            **fixed,
            "relaxed": list(self.relaxed),
            "notes": list(self.notes),
            "summary": self.summary(),
            "more": more,
            "manifest": self.manifest.to_dict(),
        }


def _named(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Return a table whose rows say by their first column alone what they are of, such as `capacity apt`."""
    what = {"binding": "what", "targets": "component"}.get(name)
    if what is None:
        return frame
    key, part = pl.col(TABLES[name][0]), pl.col(what).fill_null("")
    return frame.with_columns(
        pl.when((part == "") | key.str.ends_with(pl.concat_str(pl.lit(" "), part)))
        .then(key)
        .otherwise(pl.concat_str(key, part, separator=" "))
    )


def _rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Return rows as plain values; a number that is not finite is none."""
    floats = [name for name, kind in frame.schema.items() if kind.is_float()]
    return frame.with_columns(
        pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in floats
    ).to_dicts()
