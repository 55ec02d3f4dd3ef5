"""Observed prices of the base year by material, for a region: its own market where one is quoted, else all markets.

A price is the median of the year's quotations, in money of the model; where the year has none, of the last of the three
years before. A later price says nothing about the base year.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from ytterby.network import Network
from ytterby.network.figures import Money

WINDOW_A = 3
MARKETS: Mapping[str, tuple[str, ...]] = {"EU": ("Europe", "Rotterdam")}


def observed_prices(network: Network, money: Money, region: str) -> dict[str, float]:
    """Return the observed price of each material at a region, USD per t."""
    dated = network.chain.prices.drop_nulls("price_usd_per_t").with_columns(
        pl.col("date").str.slice(0, 4).cast(pl.Int32).alias("year")
    )
    words = MARKETS.get(region, (network.places.name(region), region))
    own = pl.any_horizontal([pl.col("market").str.contains(word, literal=True) for word in words])
    result: dict[str, float] = {}
    for (material,), rows in dated.group_by("material_id", maintain_order=True):
        near = rows.filter(pl.col("year").is_between(network.year - WINDOW_A, network.year))
        if near.is_empty():
            continue
        local = near.filter(own)
        held = local if local.height else near
        chosen = held.filter(pl.col("year") == held["year"].max())
        usd = [price * money.factor(int(year)) for price, year in chosen.select("price_usd_per_t", "year").iter_rows()]
        result[str(material)] = float(pl.Series(usd).median() or 0.0)  # type: ignore[arg-type]
    return {material: usd for material, usd in sorted(result.items()) if usd > 0}
