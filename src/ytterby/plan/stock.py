"""Stockpiles of the bloc that plans: filled, held at a cost, released when it is worth it.

Table `stocks` gives what is held (governments), its bounds and its cost of holding; without a cost the holding norm
is a share of the observed price a year. A material has a stockpile where a target asks for days of cover, or where
the table states one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from ytterby.network.figures import FigureBook, Money
from ytterby.network.norms import Norms
from ytterby.plan.costs import Category
from ytterby.plan.programme import Programme, cross
from ytterby.solve import Columns
from ytterby.tonnage import gross_of


def add_stocks(
    programme: Programme, norms: Norms, prices: Mapping[str, float], wanted: frozenset[str], register: FigureBook
) -> None:
    """Add stock levels at held nodes, their cost, and what they take from and give to the balance."""
    network, horizon = programme.network, programme.horizon
    rows = _stated(programme, norms.money)
    places = {(m, r) for m, r in rows} | {(m, programme.options.blocs[0]) for m in wanted}
    kept = sorted(key for key in places if (*key, "held") in network.node_of)
    if not kept:
        return
    base = pl.DataFrame(
        [(m, r, network.node_of[m, r, "held"]) for m, r in kept],
        schema={"material": pl.String, "region": pl.String, "node": pl.Int32},
        orient="row",
    )
    T = horizon.count
    labels = cross(base, np.arange(T)).with_columns(
        pl.Series("year", np.repeat(horizon.years, base.height).astype(np.int32))
    )
    held = [rows.get(key, (0.0, 0.0, np.inf, None)) for key in kept]
    low = np.tile([h[1] for h in held], (T, 1))
    high = np.tile([h[2] for h in held], (T, 1))
    low[0] = high[0] = [h[0] for h in held]
    level = programme.add_columns("stock", labels, lower=low.ravel(), upper=high.ravel())
    share = norms.of("holding_share")
    usd, figures = [], []
    for (material, _), entry in zip(kept, held, strict=True):
        stated = entry[3]
        if stated is not None:
            usd.append(stated)
            figures.append(-1)
        elif share is not None and material in prices:
            usd.append(share.value * prices[material])
            figures.append(register.add(share))
        else:
            programme.note_once(
                f"Stock of {material} is held at no cost: neither holding_usd_per_t_a in table stocks nor a price of "
                "it is stated; add one."
            )
            usd.append(0.0)
            figures.append(-1)
    programme.charge(Category.STOCK, level, np.tile(usd, T), np.tile(figures, T))
    _enter(programme, level, base.height)


def _stated(programme: Programme, money: Money) -> dict[tuple[str, str], tuple[float, float, float, float | None]]:
    """Return stock, least, most and cost of holding by material and region, of own regions and governments."""
    network = programme.network
    own = set(network.places.blocs)
    rows = network.chain.stocks.filter(
        pl.col("holder").is_in(["government", "exchange"]) & pl.col("quantity").is_not_null()
    )
    result: dict[tuple[str, str], tuple[float, float, float, float | None]] = {}
    latest = rows.filter(pl.col("year") == pl.col("year").max().over("material_id", "place_id"))
    for row in latest.iter_rows(named=True):
        region = network.places.of(row["place_id"])
        if region not in own:
            continue
        per = gross_of(network.chain, row["material_id"], row["unit"] or "t")
        most = np.inf if row["quantity_high"] is None else row["quantity_high"] * per
        least = 0.0 if row["quantity_low"] is None else row["quantity_low"] * per
        usd = row["holding_usd_per_t_a"]
        cost = None if usd is None else usd * money.factor(row["money_year"])
        before = result.get((row["material_id"], region), (0.0, 0.0, 0.0, None))
        costs = [c for c in (cost, before[3]) if c is not None]
        amounts = (row["quantity"] * per + before[0], least + before[1], most + before[2])
        result[row["material_id"], region] = (*amounts, max(costs, default=None))
    return result


def _enter(programme: Programme, level: Columns, count: int) -> None:
    """Enter (k(t-1) - k(t)) / years of the period, as a yearly rate, at the held node."""
    network, horizon = programme.network, programme.horizon
    balance, N = programme.rows["balance"], network.nodes.height
    nodes = level.table["node"].to_numpy()[:count].astype(np.int64)
    for period in range(1, horizon.count):
        at = balance.index[period * N + nodes]
        years = float(horizon.lengths[period])
        programme.model.entries(at, level.index[period * count : (period + 1) * count], np.full(count, -1 / years))
        programme.model.entries(at, level.index[(period - 1) * count : period * count], np.full(count, 1 / years))
