"""Mark-ups on lanes: what makes the landed price of the base year equal the observed one.

The base year is solved alone, at cost. On a lane into the bloc from abroad,

    mark-up = observed price - (price at the origin + freight), not below 0,

the price at the origin being the dual of its made node. So whatever the bloc buys in the base year lands at the
observed price, whoever sells it. The base year is then solved again, and the price that the bloc pays is set beside
the observed one; where they differ, the reason is said: its own plant is cheaper, or the modelled cost lies above
the observed price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from ytterby.network import Network
from ytterby.plan.costs import Category
from ytterby.plan.horizon import Horizon
from ytterby.plan.options import Options
from ytterby.plan.programme import Programme, add_capacity, add_operation

Array = npt.NDArray[np.float64]
CLOSE = 0.01
SCHEMA = {
    "material": pl.String,
    "place": pl.String,
    "observed_usd_per_t": pl.Float64,
    "cost_usd_per_t": pl.Float64,
    "markup_usd_per_t": pl.Float64,
    "landed_usd_per_t": pl.Float64,
    "imported_t": pl.Float64,
    "why": pl.String,
}


def calibrate(
    network: Network, options: Options, values: pl.DataFrame, scrap: pl.DataFrame, prices: Mapping[str, float]
) -> tuple[Array, pl.DataFrame]:
    """Return the mark-up of each lane, USD per t, and a table of what was reached (columns of SCHEMA)."""
    bloc = options.blocs[0]
    base = Horizon(np.array([network.year]), np.array([1]), 0.0)
    programme = Programme(network, base, replace(options, people=False, money=False))
    add_operation(programme, scrap.filter(pl.col("period") == 0), values, prices)
    add_capacity(programme, {})
    costs = programme.ledger.closed()
    session = programme.model.open()
    session.change_costs(np.arange(programme.model.column_count), costs.vector(programme.model.column_count))
    ship, balance = programme.columns["ship"], programme.rows["balance"]
    lanes = network.lanes.select("lane", "material", "exporter", "importer")
    own = costs.vector(programme.model.column_count)[ship.index]
    dual = session.solve().dual(balance)
    into = (lanes["importer"] == bloc).to_numpy() & (lanes["exporter"] != bloc).to_numpy()
    priced = lanes["material"].is_in(list(prices)).to_numpy() & into
    origin = np.array([network.node_of[m, a, "made"] for m, a in lanes.select("material", "exporter").iter_rows()])
    target = lanes["material"].replace_strict(dict(prices), default=0.0, return_dtype=pl.Float64).to_numpy()
    cost = dual[origin] + own
    markup: Array = np.where(priced, np.maximum(0.0, target - cost), 0.0)
    session.change_costs(ship.index, own + markup)
    solution = session.solve(warm="base")
    landed, flows = solution.dual(balance), solution.value(ship)
    rows = []
    for material in sorted(prices):
        chosen = priced & (lanes["material"] == material).to_numpy()
        if not chosen.any():
            continue
        node = network.node_of[material, bloc, "held"]
        cheapest = np.flatnonzero(chosen)[np.argmin(cost[chosen])]
        imported = float(flows[chosen].sum())
        why = _why(float(landed[node]), prices[material], float(cost[cheapest]), imported)
        rows.append(
            (
                material,
                bloc,
                prices[material],
                float(cost[cheapest]),
                float(markup[cheapest]),
                float(landed[node]),
                imported,
                why,
            )
        )
    return markup, pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _why(landed: float, observed: float, cost: float, imported: float) -> str:
    """Say why the price paid is not the observed one, or nothing where it is."""
    if abs(landed - observed) <= CLOSE * observed:
        return ""
    if cost > observed:
        return "the modelled cost of imports lies above the observed price"
    return "imported, at a price that own plant sets" if imported > 0 else "not imported in the modelled base year"


def charge_markup(programme: Programme, markup: Array) -> None:
    """Charge the mark-up of each lane in every period."""
    ship = programme.columns["ship"]
    programme.charge(Category.MARKUP, ship, markup[ship.table["lane"].to_numpy()])
