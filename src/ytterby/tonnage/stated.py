"""What a package states at all: the years of its figures, and the bounds of what a material contains."""

from __future__ import annotations

import polars as pl

from ytterby.chain.chain import Chain
from ytterby.errors import YtterbyError


def stated_years(chain: Chain) -> tuple[int, int]:
    """Return the first and the last year with a figure of output or capacity, planned capacity left out.

    Raises:
        YtterbyError: no year has one.
    """
    made = chain.facility_output.filter(pl.col("measure") != "planned_capacity")
    years = pl.concat([chain.stage_output["year"], made["year"]]).drop_nulls().unique().sort()
    if years.is_empty():
        raise YtterbyError(f"{chain.metal}: no output or capacity is stated for any year")
    return int(years[0]), int(years[-1])


def stated_content(chain: Chain, material: str) -> tuple[float, float]:
    """Return the bounds of a material's content over its value, of the widest component; (1, 1) where none are."""
    held = chain.compositions.filter(
        (pl.col("material_id") == material)
        & pl.col("component").is_in(list(chain.components))
        & (pl.col("mass_fraction") > 0)
    ).select("mass_fraction", "mass_fraction_low", "mass_fraction_high")
    spread = [
        ((value if low is None else low) / value, (value if high is None else high) / value)
        for value, low, high in held.iter_rows()
    ]
    return max(spread, key=lambda bounds: bounds[1] - bounds[0], default=(1.0, 1.0))
