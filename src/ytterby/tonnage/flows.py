"""Trade flows of a material between places.

Flows are gross tonnes of the HS lines that stand for the material times the line's weight, from the world trade table;
or the package's own trade table where the package declares it complete (`"trade": "complete"`). A material whose lines
are not held says which line is missing. Flows without a quantity stay empty, not 0.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from ytterby.chain.chain import Chain

FLOW = {"exporter": pl.String, "importer": pl.String, "t": pl.Float64, "level": pl.Float64}


def trade_flows(chain: Chain, world: Chain, material: str, year: int) -> tuple[pl.DataFrame, str]:
    """Return flows of a material in a year, or why there are none.

    Columns: exporter, importer, t (empty where no quantity is recorded), level (price over the median of the line).
    """
    nothing = pl.DataFrame(schema=FLOW)
    lines = chain.material_hs6.filter((pl.col("material_id") == material) & (pl.col("weight") > 0))
    if chain.settings.get("trade") == "complete":
        own = chain.trade.filter((pl.col("material_id") == material) & (pl.col("year") == year))
        level = pl.lit(None, pl.Float64).alias("level")
        flows = own.select("exporter", "importer", pl.col("quantity").alias("t"), level)
        return flows, "" if flows.height else f"no trade of it in {year} is stated"
    if lines.is_empty():
        return nothing, "no HS line stands for this material"
    held = lines.filter(pl.col("hs6").is_in(list(_lines_held(world))))
    if held.is_empty():
        return nothing, f"no trade is held for HS {', '.join(sorted(set(lines['hs6'])))}"
    weight = dict(held.group_by("hs6").agg(pl.col("weight").max()).iter_rows())
    trade = world.world_trade.filter((pl.col("year") == year) & pl.col("hs6").is_in(list(weight)))
    if trade.is_empty() and year not in (years := world.world_trade["year"].unique().sort().to_list()):
        return nothing, f"trade is held for {years[0]} to {years[-1]}"
    scale = pl.col("hs6").replace_strict(weight, return_dtype=pl.Float64)
    return _with_level(trade).select("exporter", "importer", pl.col("quantity_t") * scale, "level").rename(
        {"quantity_t": "t"}
    ), ""


def _with_level(trade: pl.DataFrame) -> pl.DataFrame:
    """Add the price of each flow over the tonnage-weighted median price of its line, of flows of one year."""
    price = pl.when(pl.col("quantity_t") > 0).then(pl.col("value_kusd") / pl.col("quantity_t"))
    priced = trade.with_columns(price.alias("price"))
    passed = pl.col("quantity_t").cum_sum().over("hs6") / pl.col("quantity_t").sum().over("hs6")
    ranked = priced.filter(pl.col("price") > 0).sort("hs6", "price", "exporter", "importer").with_columns(part=passed)
    upper = ranked.filter(pl.col("part") >= 0.5).group_by("hs6", maintain_order=True)
    middle = upper.agg(pl.col("price").first().alias("middle"))
    return priced.join(middle, on="hs6", how="left").with_columns((pl.col("price") / pl.col("middle")).alias("level"))


@cache
def _lines_held(world: Chain) -> frozenset[str]:
    return frozenset(world.world_trade["hs6"].unique())


def net_imports(flows: pl.DataFrame) -> dict[str, float]:
    """Return imports less exports of every place in a table of flows, gross tonnes."""
    bought = flows.select(pl.col("importer").alias("place"), "t")
    sold = flows.select(pl.col("exporter").alias("place"), -pl.col("t"))
    return dict(pl.concat([bought, sold]).group_by("place").agg(pl.col("t").sum()).iter_rows())
