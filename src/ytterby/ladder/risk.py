"""Supply risk of a rung by the European method, and governance-weighted concentration.

Shares of places (each member of a bloc a supplier of its own) are weighted with g from the six governance estimates
and t from the policies in force at mid-year: 0.8 for members of the EU, 1.1 licence or other control, 1.2 tariff, 1.3
quota, 1.5 ban; the strongest counts (the rule from policy to t is ours; the range is that of the 2023 study).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.ownership import first_day
from ytterby.chain.uncertainty import Array, Sampler, interval
from ytterby.ladder.indices import eu_supply_risk, governance_scaled, hhi_governance
from ytterby.ladder.result import Index
from ytterby.ladder.shares import Split
from ytterby.ladder.trade import Trade

MIDDLE = 5.0
ESTIMATE_SD = 0.2
TRADE_PARAMETER = {"ban": 1.5, "technology_ban": 1.1, "quota": 1.3, "tariff": 1.2, "licence": 1.1}


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


def trade_parameters(
    chain: Chain, material: str, bloc: str, members: frozenset[str], eu: frozenset[str], year: int
) -> dict[str, float]:
    """Return t by place: 0.8 for EU members, above 1 for places that restrict exports of the material to the bloc."""
    result = dict.fromkeys(sorted(eu), 0.8)
    acts = in_force(chain, dt.date(year, 7, 1)).filter(pl.col("instrument").is_in(list(TRADE_PARAMETER)))
    about = chain.policy_materials.filter(pl.col("material_id") == material)["policy_id"]
    targets = members | {bloc, "WORLD"}
    for place, against, instrument in (
        acts.filter(pl.col("policy_id").is_in(about.implode()))
        .select("imposed_by", "against", "instrument")
        .iter_rows()
    ):
        if place not in members and targets & set((against or "").split(";")):
            result[place] = max(result.get(place, 1.0), TRADE_PARAMETER[instrument])
    return result


def in_force(chain: Chain, day: dt.date) -> pl.DataFrame:
    """Return the policies in force on a day: announced, suspended, expired and withdrawn ones are not.

    An amendment leaves an act in the state that it had.
    """
    dated = chain.policy_status.with_columns(first_day("date").alias("start")).filter(
        (pl.col("start") <= day) & (pl.col("status") != "amended")
    )
    last = dated.sort("policy_id", "start", maintain_order=True).group_by("policy_id", maintain_order=True).last()
    live = last.filter(pl.col("status").is_in(["in_force", "resumed"]))["policy_id"]
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


def supply_risk(
    parts: Split,
    trade: Trade,
    made: Mapping[str, float],
    ir: Index,
    ir_draws: Array,
    inputs: RiskInputs,
    sampler: Sampler,
) -> Index:
    """Return supply risk by the European method; world mix alone where the bloc's sourcing is not known."""
    if not parts.ids or parts.unknown > 0.999:
        return Index(None, why="no place is known")
    h_world, h_world_draws = _weighted(parts.ids, parts.point, parts.draws, inputs, sampler)
    h_eu, h_eu_draws = None, h_world_draws
    sourcing = _sourcing(trade, made) if trade.is_held and ir.value is not None else {}
    if sourcing:
        mix = np.array(list(sourcing.values()))
        mix = mix / mix.sum()
        h_eu, h_eu_draws = _weighted(
            tuple(sourcing), mix, np.broadcast_to(mix, (sampler.draws, len(mix))), inputs, sampler
        )
    found = eu_supply_risk(h_global=h_world, h_eu=h_eu, reliance=ir.value, recycling_input_rate=inputs.recycling)
    if found.value is None:
        return Index(None, why="the import reliance that the method needs is not known")
    half = np.clip(np.nan_to_num(ir_draws, nan=1.0), 0.0, 1.0) / 2 if found.basis == "GS+EU" else np.ones(sampler.draws)
    low, high = interval((h_world_draws * half + h_eu_draws * (1 - half)) * (1 - inputs.recycling))
    why = "" if found.basis == "GS+EU" else f"world supply mix alone: {trade.why or ir.why}"
    return Index(found.value, float(low), float(high), why)


def _sourcing(trade: Trade, made: Mapping[str, float]) -> dict[str, float]:
    """Return where a bloc's supply comes from: imports by origin and each member's own output."""
    places = sorted({*trade.imports, *made})
    amounts = {place: trade.imports.get(place, 0.0) + made.get(place, 0.0) for place in places}
    return {place: tonnes for place, tonnes in amounts.items() if tonnes > 0}


def _weighted(
    places: tuple[str, ...], point: Array, draws: Array, inputs: RiskInputs, sampler: Sampler
) -> tuple[float, Array]:
    """Return sum of s^2 g t at the point and drawn, g with the standard error of the estimates."""
    g, t = inputs.weights(places)
    noise = np.stack([sampler.normal(f"governance {place}") for place in places], axis=1)
    drawn = np.einsum("di,di->d", draws**2 * t, np.clip(g - 2 * ESTIMATE_SD * noise, 0.0, 10.0))
    return float(hhi_governance(point, g, t)), drawn
