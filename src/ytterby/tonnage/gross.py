"""Gross tonnes of a chain's material per one of a unit."""

from __future__ import annotations

import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.units import gross_factor


def gross_of(chain: Chain, material: str, unit: str) -> float:
    """Return gross tonnes of a material per one `unit` of it.

    Raises:
        UnitError: the unit cannot be read, or counts what the material does not hold.
    """
    rows = chain.compositions.filter(pl.col("material_id") == material).select("component", "mass_fraction")
    return gross_factor(unit, dict(rows.iter_rows()), chain.components)
