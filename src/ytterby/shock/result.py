"""What a shock gives: tables, plain sentences, a fixed shape for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ytterby.manifest import Manifest
from ytterby.shock.rules import Array

QUANTILES = {"p05": 0.05, "p50": 0.5, "p95": 0.95}


@dataclass(frozen=True, eq=False)
class ShockResult:
    """Loss of a stop, with intervals over the scenarios.

    metal: the chain's metal; stop: what stops, in words (of several: the one that loses most)
    runs, months, horizon: scenarios a stop, months of the stop, months looked at
    time_to_shortage_months, recovery_months, lost_share: quantiles; None where more than that part never runs short, or
        has not recovered within the horizon
    bound_gap: quantiles and runs of the gap to perfect foresight, part of use; None where not asked for
    cover_needed_days: days of cover everywhere at which the stop, at its point, is ridden through; None: none is enough
    tables: use (end_use, bloc, material, unmet_t_*, unmet_share_*, shortage_p50), ranking (stop, lost_share_*, ...),
        monthly (month, p05, p50, p95: part of use unmet), sensitivity (input, rank_correlation)
    """

    metal: str
    stop: str
    runs: int
    months: float
    horizon: int
    time_to_shortage_months: Mapping[str, float | None]
    recovery_months: Mapping[str, float | None]
    lost_share: Mapping[str, float | None]
    bound_gap: Mapping[str, Any] | None
    cover_needed_days: float | None
    tables: Mapping[str, pl.DataFrame]
    notes: tuple[str, ...]
    manifest: Manifest

    def summary(self) -> list[str]:
        """Return the result in plain sentences with figures."""
        from ytterby.shock.words import sentences

        return sentences(self)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values in a fixed shape."""
        use = self.tables["use"]
        labels = ["end_use", "bloc", "material"]

        def by_use(name: str) -> list[dict[str, Any]]:
            return plain(use.select(*labels, *(pl.col(f"{name}_{q}").alias(q) for q in QUANTILES)))

        return {
            "metal": self.metal,
            "stop": self.stop,
            "runs": self.runs,
            "months": self.months,
            "horizon": self.horizon,
            "time_to_shortage_months": dict(self.time_to_shortage_months),
            "unmet_t": by_use("unmet_t"),
            "unmet_share": by_use("unmet_share"),
            "lost_share": dict(self.lost_share),
            "recovery_months": dict(self.recovery_months),
            "cover_needed_days": self.cover_needed_days,
            "ranking": plain(self.tables["ranking"]),
            "monthly": plain(self.tables["monthly"]),
            "sensitivity": plain(self.tables["sensitivity"]),
            "bound_gap": None if self.bound_gap is None else dict(self.bound_gap),
            "summary": self.summary(),
            "notes": list(self.notes),
            "manifest": self.manifest.to_dict(),
        }


def quantiles(values: Array) -> dict[str, float | None]:
    """Return the 5, 50 and 95 % quantiles, by nearest rank so that 'never' stays 'never'; None for it."""
    found = {name: float(np.quantile(values, q, method="inverted_cdf")) for name, q in QUANTILES.items()}
    return {name: value if np.isfinite(value) else None for name, value in found.items()}


def plain(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Return rows as plain values; a number that is not finite is none."""
    floats = [name for name, kind in frame.schema.items() if kind.is_float()]
    return frame.with_columns(
        pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in floats
    ).to_dicts()
