"""A market of one year: what clears with the plant that is there, at which prices.

The same rows as the plan's, for one period: least cost of all places with existing plant, and plant of candidates up
to what stands ready. A price needs a buyer: it is the dual of the held node where plant stands that could use the
material, where something arrives or where a use goes short, and 0 elsewhere. What a maker gets is the best price of
the lanes that start at him, less freight and mark-up. The session is kept; each clearing changes bounds and starts
from the last basis.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ytterby.plan.calibrate import charge_markup
from ytterby.plan.horizon import Horizon
from ytterby.plan.options import Options
from ytterby.plan.programme import Programme, add_capacity, add_operation
from ytterby.plan.setup import Setup
from ytterby.solve import Solution

Array = npt.NDArray[np.float64]
TRADED_T = 1e-6


@dataclass(frozen=True)
class Cleared:
    """A cleared year: price by node (USD per t), tonnes run by candidate, spare of each group of plant, unmet t."""

    price: Array
    built_run: Array
    spare: Array
    unmet_t: float


class Market:
    """Clears single years of a plan's network."""

    def __init__(self, setup: Setup) -> None:
        network = setup.network
        self.setup, self.network = setup, network
        base = Horizon(np.array([network.year]), np.array([1]), 0.0)
        options = Options(blocs=setup.programme.options.blocs, until=network.year + 1, people=False, money=False)
        self.programme = Programme(network, base, options, new_from=0)
        scrap = setup.programme.extra["scrap"].filter(pl.col("period") == 0)
        add_operation(self.programme, scrap, setup.values, setup.prices)
        add_capacity(self.programme, setup.odds)
        charge_markup(self.programme, setup.markup)
        count = self.programme.model.column_count
        cost = self.programme.ledger.closed().vector(count)
        self.session = self.programme.model.open()
        self.session.change_costs(np.arange(count), cost)
        self._lane_cost = cost[self.programme.columns["ship"].index]
        ends = network.incidence.tocoo()
        self._starts, self._ends = np.zeros((2, network.lanes.height), dtype=np.int64)
        self._starts[ends.col[ends.data < 0]] = ends.row[ends.data < 0]
        self._ends[ends.col[ends.data > 0]] = ends.row[ends.data > 0]
        self._is_held = (network.nodes["side"] == "held").to_numpy()
        self._takers = abs(network.technology.minimum(0.0)).tocsr()
        run, new = self.programme.columns["run"].table, self.programme.columns["new_run"].table
        self._existing, self._candidate = run["activity"].to_numpy(), new["activity"].to_numpy()
        groups = self.programme.rows["capacity"].table.select("material", "region")
        number = {key: n for n, key in enumerate(groups.iter_rows())}
        keys = network.activities.select("material", "region", "kind").iter_rows()
        self._group = np.array([number.get((m, r), -1) if kind == "run" else -1 for m, r, kind in keys])
        self._read(setup)

    def _read(self, setup: Setup) -> None:
        """Read the bounds of every period from the plan's programme."""
        full, shape = setup.programme, (setup.horizon.count, -1)
        arrays = full.model.compressed()
        balance, capacity = full.rows["balance"].index, full.rows["capacity"].index
        self._low = arrays.row_lower[balance].reshape(shape)
        self._high = arrays.row_upper[balance].reshape(shape)
        self._capacity = arrays.row_upper[capacity].reshape(shape)
        self._use = arrays.upper[full.columns["unmet"].index].reshape(shape)
        self._lanes = arrays.upper[full.columns["ship"].index].reshape(shape)

    def clear(self, period: int, ready: Array, *, plenty: float = 1.0) -> Cleared:
        """Clear a period with `ready` tonnes a year of each candidate's plant; `plenty` scales all plant."""
        limit = plenty * ready
        session, programme = self.session, self.programme
        session.change_row_bounds(programme.rows["balance"], self._low[period], self._high[period])
        session.change_row_bounds(programme.rows["capacity"], None, plenty * self._capacity[period])
        session.change_bounds(programme.columns["unmet"], None, self._use[period])
        session.change_bounds(programme.columns["ship"], None, self._lanes[period])
        session.change_bounds(programme.columns["new_run"], None, limit)
        solution = session.solve(warm="last")
        return Cleared(
            price=self._prices(solution, period, limit),
            built_run=solution.value(programme.columns["new_run"]),
            spare=self._capacity[period] - solution.activity(programme.rows["capacity"]),
            unmet_t=float(solution.value(programme.columns["unmet"]).sum()),
        )

    def _prices(self, solution: Solution, period: int, limit: Array) -> Array:
        """Return the price at each node: where there is a buyer at held nodes, the best lane at made ones."""
        programme, network = self.programme, self.network
        flow, missed = solution.value(programme.columns["ship"]), solution.value(programme.columns["unmet"])
        busy = np.zeros(network.nodes.height)
        np.add.at(busy, self._ends, flow)
        np.add.at(busy, network.demand["node"].to_numpy(), missed)
        busy += self._takers @ self._standing(period, limit)
        dual = solution.dual(programme.rows["balance"])
        price = np.where(self._is_held & (busy > TRADED_T), np.maximum(dual, 0.0), 0.0)
        made = np.zeros(network.nodes.height)
        np.maximum.at(made, self._starts, price[self._ends] - self._lane_cost)
        result: Array = np.where(self._is_held, price, made)
        return result

    def _standing(self, period: int, limit: Array) -> Array:
        """Return the plant of each activity, t a year; 1 where an activity that exists needs none."""
        standing = np.zeros(self.network.activities.height)
        group = self._group[self._existing]
        size = np.where(group >= 0, self._capacity[period][np.maximum(group, 0)], 1.0)
        np.add.at(standing, self._existing, np.maximum(size, 0.0))
        np.add.at(standing, self._candidate, limit)
        return standing
