"""Trade of a material: flows between places, what a bloc buys and sells, and its import reliance.

Flows are gross tonnes of the HS lines that stand for the material times the line's weight, from the world trade table;
or the package's own trade table where the package declares it complete (`"trade": "complete"`). A material whose
lines are not held has no import reliance, and says which line is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.uncertainty import Array, Sampler, interval, log_sd
from ytterby.ladder.result import Index

NO_CONTENT = "production and trade have different bases, and the content of a trade line is not known"


@dataclass(frozen=True)
class Trade:
    """Imports by origin and exports of a bloc, tonnes; `why` says what is missing.

    `is_gross`: the lines count gross tonnes whose content is not known, so that own output cannot be added to them.
    """

    imports: Mapping[str, float]
    exports: float
    why: str = ""
    is_gross: bool = False

    @property
    def is_held(self) -> bool:
        """True where trade of the material is known."""
        return not self.why


def trade_flows(chain: Chain, world: Chain, material: str, year: int) -> tuple[pl.DataFrame, str]:
    """Return flows of a material (exporter, importer, t) in a year, or why there are none."""
    nothing = pl.DataFrame(schema={"exporter": pl.String, "importer": pl.String, "t": pl.Float64})
    lines = chain.material_hs6.filter((pl.col("material_id") == material) & (pl.col("weight") > 0))
    if chain.settings.get("trade") == "complete":
        own = chain.trade.filter((pl.col("material_id") == material) & (pl.col("year") == year))
        flows = own.select("exporter", "importer", pl.col("quantity").alias("t"))
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
    return trade.select("exporter", "importer", (pl.col("quantity_t") * scale).fill_null(0.0).alias("t")), ""


@cache
def _lines_held(world: Chain) -> frozenset[str]:
    return frozenset(world.world_trade["hs6"].unique())


def net_imports(flows: pl.DataFrame) -> dict[str, float]:
    """Return imports less exports of every place in a table of flows, gross tonnes."""
    bought = flows.select(pl.col("importer").alias("place"), "t")
    sold = flows.select(pl.col("exporter").alias("place"), -pl.col("t"))
    return dict(pl.concat([bought, sold]).group_by("place").agg(pl.col("t").sum()).iter_rows())


def bloc_trade(chain: Chain, world: Chain, material: str, members: frozenset[str], year: int) -> Trade:
    """Return the trade of a bloc with the rest of the world in one material and year."""
    flows, why = trade_flows(chain, world, material, year)
    if why:
        return Trade({}, 0.0, why)
    inside = list(members)
    bought = flows.filter(pl.col("importer").is_in(inside) & ~pl.col("exporter").is_in(inside))
    sold = flows.filter(pl.col("exporter").is_in(inside) & ~pl.col("importer").is_in(inside))
    origin = bought.group_by("exporter").agg(pl.col("t").sum()).filter(pl.col("t") > 0).sort("exporter")
    is_gross = chain.settings.get("trade_basis") == "gross"
    return Trade(dict(origin.iter_rows()), float(sold["t"].sum()), is_gross=is_gross)


def reliance(trade: Trade, made: float, made_draws: Array, sampler: Sampler, label: str) -> tuple[Index, Array]:
    """Return import reliance (imports - exports) / (production + imports - exports), and its draws."""
    nothing = np.full(sampler.draws, np.nan)
    if not trade.is_held:
        return Index(None, why=trade.why), nothing
    if trade.is_gross and made > 0:
        return Index(None, why=NO_CONTENT), nothing
    bought, sold = sum(trade.imports.values()), trade.exports
    if made + bought - sold <= 0:
        return Index(None, why="exports exceed production and imports: consumption is not positive"), nothing
    sd = log_sd("reported")
    bought_draws = sampler.amount(f"imports {label}", bought, sd, "trade")
    sold_draws = sampler.amount(f"exports {label}", sold, sd, "trade")
    use = made_draws + bought_draws - sold_draws
    drawn = np.where(use > 0, (bought_draws - sold_draws) / np.where(use > 0, use, 1.0), np.nan)
    finite = drawn[np.isfinite(drawn)]
    low, high = interval(finite)
    return Index((bought - sold) / (made + bought - sold), float(low), float(high)), drawn
