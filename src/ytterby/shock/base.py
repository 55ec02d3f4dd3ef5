"""The base year as flows: what every activity runs and every lane carries before anything stops.

Two small linear programmes. First the largest common part of the use of each product that plant can serve, with as
little plant of unknown place as that takes beyond the mines. Then, with use served to that part, the least sum of cost
and of distance from what is observed: `OFF` USD for each tonne of metal by which a lane differs from observed trade or
a plant from stated output, so that flows stand where statistics have them, and cost decides the rest. t a year, gross.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ytterby.errors import YtterbyError
from ytterby.network import Network
from ytterby.network.regions import REST
from ytterby.solve import Columns, Model, Rows

Array = npt.NDArray[np.float64]
OFF = 20_000.0  # USD a t of metal off the observed figure; of ours, above any cost of moving it
WORTH = 0.05  # t served that a t of plant of unknown place must be worth: a better recovery alone is not
UNPLACED = 1e5  # USD a t of plant of unknown place


@dataclass(frozen=True)
class BaseFlows:
    """Runs by activity, flows by lane, use served by row of demand and plant of unknown place by group, t a year."""

    run: Array
    ship: Array
    use: Array
    capacity: Array
    collected: Array
    notes: tuple[str, ...]


def base_flows(network: Network) -> BaseFlows:
    """Return flows of the base year that use all that plant can serve.

    Raises:
        YtterbyError: nothing that is used can be made.
    """
    programme = _Programme(network)
    part = programme.fair()
    return programme.cheapest(part)


class _Programme:
    def __init__(self, network: Network) -> None:
        self.network, self.model = network, Model()
        model, lanes = self.model, network.lanes
        self.use = network.demand["t"].to_numpy()
        self.runs, limit = _open(network)
        self.run = model.columns("run", network.activities.height, upper=limit)
        self.ship = model.columns("ship", lanes.height, upper=_lane_limits(network))
        free = network.nodes.filter(pl.col("side") == "made")["node"].to_numpy()
        self.surplus = model.columns("surplus", free.size)
        self.served = model.columns("served", self.use.size, upper=self.use)
        products = network.demand["material"].unique(maintain_order=True).to_list()
        self.common = model.columns("common", len(products) + 1, upper=1.0)  # of each product, and of all
        self.extra = model.columns("extra", network.groups.height, upper=_unplaced(network))
        self.arising = network.nodes.filter(
            (pl.col("side") == "made") & pl.col("material").is_in(network.used["material"].implode())
        )
        self.collected = model.columns("arising", self.arising.height)
        self._balance(free)
        self._capacity()
        even = model.rows("even", self.use.size, lower=0.0)
        model.entries(even.index, self.served.index, np.ones(self.use.size))
        of = [products.index(m) for m in network.demand["material"]]
        model.entries(even.index, self.common.index[of], -np.maximum(self.use, 1e-6))
        least = model.rows("least", len(products), lower=0.0)
        model.entries(least.index, self.common.index[:-1], np.ones(len(products)))
        model.entries(least.index, np.full(len(products), self.common.index[-1]), -np.ones(len(products)))
        self.off = self._observed()
        self.session = model.open()

    def _balance(self, free: npt.NDArray[np.int64]) -> None:
        network, model = self.network, self.model
        balance = model.rows("balance", network.nodes.height, lower=0.0, upper=0.0)
        for block, matrix in ((self.run, network.technology), (self.ship, network.incidence)):
            coo = matrix.tocoo()
            model.entries(balance.index[coo.row], block.index[coo.col], coo.data)
        model.entries(balance.index[free], self.surplus.index, -np.ones(free.size))
        at = network.demand["node"].to_numpy()
        model.entries(balance.index[at], self.served.index, -np.ones(at.size))
        model.entries(
            balance.index[self.arising["node"].to_numpy()], self.collected.index, np.ones(self.collected.count)
        )
        self._scrap()

    def _scrap(self) -> None:
        """What leaves use in a year is at most what enters it: use in the base year, times what the product becomes."""
        network = self.network
        rows = self.model.rows("leaving", self.arising.height, upper=0.0)
        number = {key: n for n, key in enumerate(self.arising.select("material", "region").iter_rows())}
        self.model.entries(rows.index, self.collected.index, np.ones(self.collected.count))
        becomes: dict[str, list[tuple[str, float]]] = {}
        for product, material, per_t in network.used.iter_rows():
            becomes.setdefault(product, []).append((material, per_t))
        for use, (product, region) in enumerate(network.demand.select("material", "region").iter_rows()):
            for material, per_t in becomes.get(product, []):
                if (material, region) in number:
                    self.model.entries(rows.index[number[material, region]], self.served.index[use], -per_t)

    def _capacity(self) -> None:
        groups = self.network.groups
        capacity = self.model.rows("capacity", groups.height, upper=groups["capacity_t_per_a"].to_numpy())
        held = self.network.activities.filter(pl.col("is_existing")).drop_nulls("group").select("activity", "group")
        self.model.entries(
            capacity.index[held["group"].to_numpy()], self.run.index[held["activity"].to_numpy()], np.ones(held.height)
        )
        self.model.entries(capacity.index, self.extra.index, -np.ones(groups.height))

    def _observed(self) -> Columns:
        """Add what lanes and plants are off what is observed, in t of metal."""
        network, model = self.network, self.model
        contained = dict(network.materials.select("material_id", "contained").iter_rows())
        rows: list[tuple[Columns, int, str, float]] = []
        for lane, material, t in (
            network.lanes.drop_nulls("observed_t").select("lane", "material", "observed_t").iter_rows()
        ):
            rows.append((self.ship, lane, material, t))
        off = model.columns("off", 2 * (len(rows) + network.groups.height))
        observed = model.rows("observed", len(rows) + network.groups.height, lower=0.0, upper=0.0)
        values = np.zeros(observed.count)
        for n, (block, lane, material, t) in enumerate(rows):
            metal = contained.get(material) or 1.0
            self.model.entries(observed.index[n], block.index[lane], metal)
            values[n] = metal * t
        for group, material, t in network.groups.select("group", "material", "output_t").iter_rows():
            n, metal = len(rows) + group, contained.get(material) or 1.0
            if t > 0:
                mine = network.activities.filter(pl.col("is_existing") & (pl.col("group") == group))["activity"]
                self.model.entries(observed.index[n], self.run.index[mine.to_numpy()], np.full(len(mine), metal))
                values[n] = metal * t
        self.model.entries(np.repeat(observed.index, 2), off.index, np.tile([1.0, -1.0], observed.count))
        self.values = (observed, values)
        return off

    def _metal(self, table: pl.DataFrame) -> Array:
        """Return t of metal in a t of each row's material."""
        contained = dict(self.network.materials.select("material_id", "contained").iter_rows())
        return np.array([contained.get(m) or 1.0 for m in table["material"]])

    def _used(self) -> float:
        return float((self.use * self._metal(self.network.demand)).sum())

    def fair(self) -> Array:
        """Return the part of each use that can be served, even among the uses of a product."""
        session = self.session
        session.change_row_bounds(
            self.values[0], np.full(self.values[0].count, -np.inf), np.full(self.values[0].count, np.inf)
        )
        worth = np.full(self.common.count, -1e3)
        worth[-1] = -1e5  # first what all uses get, then what each product gets, then each use
        session.change_costs(self.common, worth)
        session.change_costs(self.served, -1.0 / np.maximum(self.use, 1e-6 * self.use.max()))
        session.change_costs(self.extra, WORTH * 1e5 * self._metal(self.network.groups) / self._used())
        solution = session.solve()
        if not solution.has_values or solution.value(self.served).sum() <= 0:
            raise YtterbyError(
                f"{self.network.chain.name}: the base year serves no use; see `ytterby plan` for what is missing"
            )
        return solution.value(self.served) * (1 - 1e-7)

    def cheapest(self, served: Array) -> BaseFlows:
        """Return the flows of least cost and distance from what is observed."""
        session, network = self.session, self.network
        session.change_row_bounds(*(self.values[0], self.values[1], self.values[1]))
        session.change_costs(self.common, 0.0)
        session.change_costs(self.served, 0.0)
        session.change_bounds(self.served, served, served)
        session.change_costs(self.extra, UNPLACED)
        session.change_costs(self.off, OFF)
        opex = network.activities["opex_usd_per_t"].fill_null(0.0).fill_nan(0.0).to_numpy()
        session.change_costs(self.run, opex)
        session.change_costs(self.ship, network.lanes["freight_usd_per_t"].fill_null(0.0).to_numpy())
        solution = session.solve()
        if not solution.has_values:
            raise YtterbyError(
                f"{network.chain.name}: the base year has no least-cost flow; check lanes and capacities"
            )
        extra = solution.value(self.extra)
        return BaseFlows(
            run=_clean(solution.value(self.run)),
            ship=_clean(solution.value(self.ship)),
            use=_clean(solution.value(self.served)),
            capacity=network.groups["capacity_t_per_a"].to_numpy() + extra,
            collected=_clean(solution.value(self.collected)),
            notes=self._notes(served, extra),
        )

    def _notes(self, served: Array, extra: Array) -> tuple[str, ...]:
        network, said = self.network, []
        short = network.demand.select("material", "t").with_columns(pl.Series("served", served))
        short = short.group_by("material", maintain_order=True).agg(pl.col("t").sum(), pl.col("served").sum())
        for material, t, part in short.iter_rows():
            if t > 0 and part < (1 - 1e-4) * t:
                said.append(
                    f"Stated supply serves {100 * part / t:.0f} % of stated use of {material}; uses are scaled to it."
                )
        more = network.groups.with_columns(pl.Series("extra", extra)).filter(pl.col("extra") > 0.5)
        for material, t in more.select("material", "extra").iter_rows():
            said.append(f"Plant of unknown place is inferred so that the base year closes: {material} {t:,.0f} t/a.")
        return tuple(said)


def _clean(values: Array) -> Array:
    return np.where(values > 1e-7 * max(1.0, float(values.max(initial=0.0))) * 1e-3, values, 0.0)


def _open(network: Network) -> tuple[pl.DataFrame, Array]:
    """Return no limit for what has plant in the base year, for options and for collection; 0 for what is to come."""
    used = network.nodes.filter(pl.col("material").is_in(network.used["material"].implode()))["node"]
    takes = network.flows.filter((pl.col("t_per_t") < 0) & pl.col("node").is_in(used.implode()))["activity"]
    has_plant = pl.col("group").is_not_null() | (pl.col("kind") == "choice")
    free = network.activities.select(
        pl.col("is_existing") & (has_plant | pl.col("activity").is_in(takes.implode()))
    ).to_series()
    return network.activities, np.where(free.to_numpy(), np.inf, 0.0)


def _lane_limits(network: Network) -> Array:
    lanes = network.lanes
    holds = (lanes["year_from"].fill_null(-9999) <= network.year) & (lanes["year_to"].fill_null(9999) >= network.year)
    return np.where(holds.to_numpy(), lanes["capacity_t_per_a"].fill_null(np.inf).to_numpy(), 0.0)


def _unplaced(network: Network) -> Array:
    """Return where plant of unknown place may stand: in the rest of the world, beyond mining and recycling."""
    late = network.materials.filter(~pl.col("stage").is_in(["mining", "recycling"]))["material_id"]
    where = (network.groups["region"] == REST) & network.groups["material"].is_in(late.implode())
    return np.where(where.to_numpy(), np.inf, 0.0)


__all__ = ["BaseFlows", "Rows", "base_flows"]
