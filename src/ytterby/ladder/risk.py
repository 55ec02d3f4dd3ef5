"""Trade of a rung: import reliance of a bloc, where it buys, and supply risk by the European method.

Trade is gross tonnes of the lines that stand for the material, times the line's weight. A rung whose lines are not in
the trade table has no import reliance, and says which line is missing. European supply risk is over production shares
(each member of the bloc a supplier of its own) with g from the six governance estimates and t from the policies in
force at mid-year: 0.8 for members of the EU, 1.1 licence or other control, 1.2 tariff, 1.3 quota, 1.5 ban; the strongest counts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.ownership import first_day
from ytterby.chain.uncertainty import Array, Sampler, interval, log_sd
from ytterby.ladder.indices import eu_supply_risk, governance_scaled, hhi_governance
from ytterby.ladder.result import Index
from ytterby.ladder.shares import Split

MIDDLE = 5.0
ESTIMATE_SD = 0.2
TRADE_PARAMETER = {"ban": 1.5, "technology_ban": 1.1, "quota": 1.3, "tariff": 1.2, "licence": 1.1}


@dataclass(frozen=True)
class Trade:
    """Imports by origin and exports of a bloc, gross tonnes; `why` says what is missing."""

    imports: Mapping[str, float]
    exports: float
    why: str
    source_ids: tuple[str, ...] = ()

    @property
    def is_held(self) -> bool:
        """True where trade of the material is known."""
        return not self.why


def bloc_trade(chain: Chain, world: Chain, material: str, members: frozenset[str], year: int) -> Trade:
    """Return the trade of a bloc with the rest of the world in one material and year."""
    lines = chain.material_hs6.filter(pl.col("material_id") == material)
    if lines.is_empty():
        return Trade({}, 0.0, "no HS line stands for this material")
    held = lines.join(world.world_trade.select("hs6").unique(), on="hs6", how="semi").filter(pl.col("weight") > 0)
    own = chain.trade.filter((pl.col("material_id") == material) & (pl.col("year") == year))
    if held.is_empty() and own.filter((pl.col("exporter") != "WORLD") & (pl.col("importer") != "WORLD")).is_empty():
        return Trade({}, 0.0, f"no trade is held for HS {', '.join(sorted(set(lines['hs6'])))}")
    if held.is_empty():
        flows = own.select("exporter", "importer", pl.col("quantity").alias("t"), "source_id")
        if not _covers(flows, members):
            return Trade({}, 0.0, f"trade of HS {', '.join(sorted(set(lines['hs6'])))} is held in part only")
    else:
        weight = dict(held.group_by("hs6").agg(pl.col("weight").max()).iter_rows())
        trade = world.world_trade.filter((pl.col("year") == year) & pl.col("hs6").is_in(list(weight)))
        if trade.is_empty():
            years = world.world_trade["year"]
            return Trade({}, 0.0, f"trade is held for {years.min()} to {years.max()}")
        scale = pl.col("hs6").replace_strict(weight, return_dtype=pl.Float64)
        flows = trade.select("exporter", "importer", (pl.col("quantity_t") * scale).alias("t"), "source_id")
    return _of_bloc(flows, members)


def _covers(flows: pl.DataFrame, members: frozenset[str]) -> bool:
    touched = flows.filter(pl.col("exporter").is_in(list(members)) | pl.col("importer").is_in(list(members)))
    return not touched.is_empty()


def _of_bloc(flows: pl.DataFrame, members: frozenset[str]) -> Trade:
    inside = list(members)
    bought = flows.filter(pl.col("importer").is_in(inside) & ~pl.col("exporter").is_in(inside))
    sold = flows.filter(pl.col("exporter").is_in(inside) & ~pl.col("importer").is_in(inside))
    origin = bought.group_by("exporter").agg(pl.col("t").sum()).filter(pl.col("t") > 0).sort("exporter")
    return Trade(dict(origin.iter_rows()), float(sold["t"].sum()), "", tuple(flows["source_id"].unique().sort()))


def reliance(trade: Trade, made: float, made_draws: Array, sampler: Sampler, label: str) -> Index:
    """Return import reliance (imports - exports) / (production + imports - exports)."""
    if not trade.is_held:
        return Index(None, why=trade.why)
    bought, sold = sum(trade.imports.values()), trade.exports
    if made + bought - sold <= 0:
        return Index(None, why="exports exceed production and imports: consumption is not positive")
    sd = log_sd("reported")
    bought_draws = sampler.amount(f"imports {label}", bought, sd, "trade")
    sold_draws = sampler.amount(f"exports {label}", sold, sd, "trade")
    use = made_draws + bought_draws - sold_draws
    drawn = np.where(use > 0, (bought_draws - sold_draws) / np.where(use > 0, use, 1.0), np.nan)
    drawn = drawn[np.isfinite(drawn)]
    low, high = interval(drawn) if drawn.size else (np.float64(np.nan), np.float64(np.nan))
    return Index((bought - sold) / (made + bought - sold), float(low), float(high))


def governance(chain: Chain, world: Chain, year: int) -> dict[str, float]:
    """Return the mean governance estimate of each place, of the year nearest, -2.5 to 2.5.

    All six indicators where they are held for a place, else what is held.
    """
    frame = pl.concat([world.governance, chain.governance]) if chain.name != "world" else world.governance
    yearly = frame.group_by("place_id", "year").agg(pl.col("estimate").mean(), pl.len().alias("indicators"))
    ranked = yearly.sort(
        "place_id", pl.col("indicators"), (pl.col("year") - year).abs(), descending=[False, True, False]
    )
    first = ranked.unique("place_id", keep="first", maintain_order=True)
    return dict(first.select("place_id", "estimate").iter_rows())


def trade_parameters(chain: Chain, material: str, bloc: str, members: frozenset[str], eu: frozenset[str], year: int) -> dict[str, float]:
    """Return t by place: 0.8 for EU members, above 1 for places that restrict exports of the material to the bloc."""
    result = dict.fromkeys(sorted(eu), 0.8)
    acts = in_force(chain, dt.date(year, 7, 1)).filter(pl.col("instrument").is_in(list(TRADE_PARAMETER)))
    about = chain.policy_materials.filter(pl.col("material_id") == material)["policy_id"]
    targets = members | {bloc, "WORLD"}
    for place, against, instrument in (
        acts.filter(pl.col("policy_id").is_in(about.implode())).select("imposed_by", "against", "instrument").iter_rows()
    ):
        if place not in members and targets & set((against or "").split(";")):
            result[place] = max(result.get(place, 1.0), TRADE_PARAMETER[instrument])
    return result


def in_force(chain: Chain, day: dt.date) -> pl.DataFrame:
    """Return the policies in force on a day: announced, suspended, expired and withdrawn ones are not."""
    dated = chain.policy_status.with_columns(first_day("date").alias("start")).filter(pl.col("start") <= day)
    last = dated.sort("policy_id", "start", maintain_order=True).group_by("policy_id", maintain_order=True).last()
    live = last.filter(pl.col("status").is_in(["in_force", "resumed", "amended"]))["policy_id"]
    return chain.policies.filter(pl.col("policy_id").is_in(live.implode()))


@dataclass(frozen=True)
class RiskInputs:
    """What supply risk needs beside shares: governance, trade parameters, recycling input rate."""

    estimate: Mapping[str, float]
    parameter: Mapping[str, float]
    recycling: float

    def weights(self, places: tuple[str, ...]) -> tuple[Array, Array]:
        """Return g (0 best to 10 worst) and t of places; a place without estimate gets 5."""
        known = np.array([self.estimate.get(place, np.nan) for place in places])
        scaled = np.where(np.isfinite(known), governance_scaled(np.nan_to_num(known)), MIDDLE)
        return scaled, np.array([self.parameter.get(place, 1.0) for place in places])


def governance_index(parts: Split, inputs: RiskInputs, sampler: Sampler, label: str) -> Index:
    """Return the governance-weighted HHI, sum of s^2 g, 0 to 10."""
    if not parts.ids or parts.unknown > 0.999:
        return Index(None, why="no place is known")
    g, _ = inputs.weights(parts.ids)
    noise = np.stack([sampler.normal(f"governance {place}") for place in parts.ids], axis=1)
    drawn = np.einsum("di,di->d", parts.draws**2, np.clip(g - 2 * ESTIMATE_SD * noise, 0.0, 10.0))
    low, high = interval(drawn)
    return Index(float(hhi_governance(parts.point, g)), float(low), float(high))


def supply_risk(parts: Split, trade: Trade, made: Mapping[str, float], ir: Index, inputs: RiskInputs, sampler: Sampler) -> Index:
    """Return supply risk by the European method; world mix alone where the bloc's sourcing is not known."""
    if not parts.ids or parts.unknown > 0.999:
        return Index(None, why="no place is known")
    g, t = inputs.weights(parts.ids)
    h_world = float(hhi_governance(parts.point, g, t))
    noise = np.stack([sampler.normal(f"governance {place}") for place in parts.ids], axis=1)
    h_world_draws = np.einsum("di,di->d", parts.draws**2 * t, np.clip(g - 2 * ESTIMATE_SD * noise, 0.0, 10.0))
    h_eu = None
    if trade.is_held and ir.value is not None:
        sourcing = dict(trade.imports)
        for place, tonnes in made.items():
            sourcing[place] = sourcing.get(place, 0.0) + tonnes
        mix = tuple(sorted(place for place, tonnes in sourcing.items() if tonnes > 0))
        if mix:
            amounts = np.array([sourcing[place] for place in mix])
            h_eu = float(hhi_governance(amounts / amounts.sum(), *inputs.weights(mix)))
    found = eu_supply_risk(h_global=h_world, h_eu=h_eu, reliance=ir.value, recycling_input_rate=inputs.recycling)
    if found.value is None:
        return Index(None, why="the import reliance that the method needs is not known")
    weight = 1.0 if found.basis == "GS" else (found.import_reliance or 0.0) / 2
    drawn = found.value + weight * (h_world_draws - h_world) * (1 - inputs.recycling)
    low, high = interval(drawn)
    return Index(found.value, float(low), float(high), "" if found.basis == "GS+EU" else f"basis {found.basis}: {trade.why or ir.why}")
