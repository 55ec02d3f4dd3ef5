"""Value of lost use: what a tonne that is not there costs, by product and end use.

Table `lost_use` says it, the row of the region and end use before the world's and `total`. A product without a row has
the norm's multiple of its observed price, as `assumed`. One that has neither is refused: a missing value is never 0.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from ytterby.chain.places import WORLD
from ytterby.errors import YtterbyError
from ytterby.network import Network
from ytterby.network.figures import Figure, FigureBook, Money
from ytterby.network.norms import Norms


def lost_use_values(
    network: Network, norms: Norms, money: Money, prices: Mapping[str, float], register: FigureBook
) -> pl.DataFrame:
    """Return the value of lost use of each row of demand: usd_per_t, figure.

    Raises:
        YtterbyError: a product has neither a row nor a price.
    """
    rows = []
    missing = []
    for material, region, use in network.demand.select("material", "region", "end_use").iter_rows():
        figure = _stated(network, money, material, region, use) or _multiple(norms, prices, material)
        if figure is None:
            missing.append(material)
            continue
        rows.append((figure.value, register.add(figure)))
    if missing:
        names = ", ".join(sorted(set(missing)))
        raise YtterbyError(
            f"{network.chain.name}: no value of lost use for {names}; add a row to table lost_use, or a price to prices"
        )
    return pl.DataFrame(rows, schema={"usd_per_t": pl.Float64, "figure": pl.Int64}, orient="row")


def _stated(network: Network, money: Money, material: str, region: str, use: str) -> Figure | None:
    rows = network.chain.lost_use.filter((pl.col("material_id") == material) & pl.col("end_use").is_in([use, "total"]))
    best = None
    for row in rows.iter_rows(named=True):
        where = 0 if row["region_id"] == region else 1 if row["region_id"] == WORLD else None
        if region == "ROW" and where is None:
            continue
        if where is None:
            members = network.places.members(row["region_id"])
            where = 0 if network.places.members(region) <= members else None
        if where is None:
            continue
        rank = (where, row["end_use"] != use)
        if best is None or rank < best[0]:
            best = (rank, row)
    if best is None:
        return None
    row, factor = best[1], money.factor(best[1]["money_year"])
    low, high = (None if row[k] is None else row[k] * factor for k in ("value_low", "value_high"))
    return Figure(
        "lost use",
        f"{material}, {row['end_use']}, {row['region_id']}",
        row["value_usd_per_t"] * factor,
        "USD/t",
        row["confidence"],
        row["source_id"],
        low,
        high,
    )


def _multiple(norms: Norms, prices: Mapping[str, float], material: str) -> Figure | None:
    multiple = norms.of("lost_use_multiple", subject=material) or norms.of("lost_use_multiple")
    if multiple is None or material not in prices:
        return None
    figure = multiple.times(prices[material], unit="USD/t", confidence="assumed")
    return Figure(
        "lost use",
        f"{material}, by multiple of its price",
        figure.value,
        "USD/t",
        "assumed",
        figure.source_id,
        figure.low,
        figure.high,
    )
