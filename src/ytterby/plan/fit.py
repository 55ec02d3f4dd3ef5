"""A base year that closes: what is stated of use and of supply is made to fit before anything is planned.

Small programmes over the base year alone, without costs. First each use is served as evenly as all plant can, with
as much plant of unknown place as it takes beyond the mines: the part of every use rises together until supply holds
one back, then that of the others (max-min fairness, Bertsekas and Gallager 1992, sec. 6.5.2). Uses are scaled to
what is served, less 3 % (ours) where supply holds them back, since supply that is used to the last tonne has no
price. Then the least plant of unknown place that serves them, with the same spare. All is inferred and said: the
difference is what statistics miss (stocks, trade in products, sites that nobody names). The balance of a year
settles more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from ytterby.network import Network
from ytterby.network.figures import Figure
from ytterby.network.regions import REST
from ytterby.plan.horizon import Horizon
from ytterby.plan.scrap import scrap_by_use
from ytterby.solve import Model, Rows

CLOSE = 1e-6
SPARE = 0.03
SMALL_T = 0.5
NEGLIGIBLE = 1e-8
UNPLACED = 0.05  # tonnes served that a tonne of unplaced plant must be worth: a better recovery alone is not


@dataclass(frozen=True)
class Fit:
    """Part of each use that stated supply can serve, and plant of unknown place by material, t a year."""

    served: pl.DataFrame
    unplaced: Mapping[str, float]

    def words(self) -> list[str]:
        """Return what was inferred, in sentences."""
        said = []
        short = self.served.filter(pl.col("part") < 1 - CLOSE)
        if short.height:
            parts = [
                f"{material} {100 * stated_share:.0f} %"
                for material, stated_share in short.group_by("material", maintain_order=True)
                .agg((pl.col("t") * pl.col("part")).sum() / pl.col("t").sum())
                .sort("material")
                .iter_rows()
            ]
            said.append(
                "Stated supply serves only a part of stated use in the base year, to which uses are scaled: "
                + ", ".join(parts)
                + "."
            )
        if self.unplaced:
            ordered = sorted(self.unplaced.items(), key=lambda item: (-item[1], item[0]))
            parts = [f"{material} {t:,.0f} t/a" for material, t in ordered[:6]]
            said.append(f"Plant of unknown place is inferred so that the base year closes: {', '.join(parts)}.")
        return said


def fit_base(network: Network) -> tuple[Network, Fit]:
    """Return the network with a base year that closes, and what was inferred for it."""
    base = _Base(network)
    part = base.fair_parts()
    part = np.where(part < 1 - CLOSE, part * (1 - SPARE), 1.0)
    unplaced = {m: t for m, t in base.least_unplaced(part).items() if t > SMALL_T}
    figures = list(network.figure_list)
    known = dict(network.groups.group_by("material").agg(pl.col("capacity_t_per_a").sum()).iter_rows())
    rows = []
    for row in network.groups.iter_rows(named=True):
        t = unplaced.get(row["material"], 0.0) if row["region"] == REST else 0.0
        if t:
            total = row["capacity_t_per_a"] + t + SPARE * float(known[row["material"]])
            note = "what the base year needs beyond the plant that is known"
            figures.append(Figure("capacity", f"{row['material']} in {REST}", total, "t/a", "assumed", note=note))
            row = {**row, "capacity_t_per_a": total, "figure": len(figures) - 1}
        rows.append(row)
    served = network.demand.select("material", "region", "t").with_columns(pl.Series("part", part))
    return (
        replace(
            network,
            groups=pl.DataFrame(rows, schema=network.groups.schema),
            demand=network.demand.with_columns(pl.col("t") * pl.Series(part)),
            figure_list=tuple(figures),
        ),
        Fit(served, unplaced),
    )


class _Base:
    """The base year as a programme: tonnes served of each use, plant of unknown place, and a common part to raise."""

    def __init__(self, network: Network) -> None:
        self.network, self.model = network, Model()
        model, nodes, groups = self.model, network.nodes.height, network.groups
        self.use = network.demand["t"].to_numpy()
        self.whole = max(1.0, float(self.use.sum()))  # the common part is counted in tonnes of all uses
        run = model.columns("run", network.activities.height, upper=_upper(network))
        ship = model.columns("ship", network.lanes.height)
        surplus_at = _disposable(network)
        surplus = model.columns("surplus", surplus_at.size)
        self.served = model.columns("served", self.use.size, upper=self.use)
        self.common = model.columns("common", 1, upper=self.whole)
        self.open_groups = groups.with_row_index("row").filter((pl.col("region") == REST) & _has_unknown(network))
        self.extra = model.columns("extra", self.open_groups.height)
        balance = model.rows("balance", nodes, lower=0.0, upper=0.0)
        self._give_back(balance)
        for block, matrix in ((run, network.technology), (ship, network.incidence)):
            coo = matrix.tocoo()
            model.entries(balance.index[coo.row], block.index[coo.col], coo.data)
        model.entries(balance.index[surplus_at], surplus.index, -np.ones(surplus_at.size))
        at = network.demand["node"].to_numpy()
        model.entries(balance.index[at], self.served.index, -np.ones(at.size))
        capacity = model.rows("capacity", groups.height, upper=groups["capacity_t_per_a"].to_numpy())
        held = network.activities.filter(pl.col("is_existing")).drop_nulls("group").select("activity", "group")
        model.entries(
            capacity.index[held["group"].to_numpy()], run.index[held["activity"].to_numpy()], np.ones(held.height)
        )
        model.entries(capacity.index[self.open_groups["row"].to_numpy()], self.extra.index, -np.ones(self.extra.count))
        self.even = model.rows("even", self.use.size, lower=0.0)  # served - use x common part >= 0
        model.entries(self.even.index, self.served.index, np.ones(self.use.size))
        share = self.use / self.whole
        counted = share > NEGLIGIBLE
        model.entries(self.even.index[counted], np.full(int(counted.sum()), self.common.start), -share[counted])
        self.session = model.open()

    def _give_back(self, balance: Rows) -> None:
        """Enter what each use gives back as old scrap, in proportion to the part of it that is served."""
        base = Horizon(np.array([self.network.year]), np.array([1]), 0.0)
        made = self.network.nodes.filter(pl.col("side") == "made").select("node", "material", "region")
        scrap = scrap_by_use(self.network, base).join(made, on=["material", "region"])
        use = scrap["demand"].to_numpy()
        per_t = scrap["t_per_a"].to_numpy() / np.maximum(self.use[use], 1e-12)
        kept = per_t > NEGLIGIBLE
        self.model.entries(balance.index[scrap["node"].to_numpy()[kept]], self.served.index[use[kept]], per_t[kept])

    def fair_parts(self) -> np.ndarray:
        """Return the part of each use that is served, raised together until each is held back."""
        session, use = self.session, self.use
        session.change_costs(self.extra, np.full(self.extra.count, UNPLACED))
        session.change_costs(self.common, -1.0)
        part, is_open = np.ones(use.size), np.ones(use.size, dtype=bool)
        for _ in range(use.size):
            solution = session.solve(warm="last")
            level = float(solution.value(self.common)[0]) / self.whole
            if level >= 1 - CLOSE:
                break
            held = is_open & (np.abs(solution.dual(self.even)) > CLOSE)
            if not held.any():
                held = is_open
            part[held], is_open = level, is_open & ~held
            if not is_open.any():
                break
            session.change_row_bounds(self.even.index[held], np.full(int(held.sum()), -np.inf), None)
            session.change_bounds(self.served.index[held], level * use[held] * (1 - 1e-9), None)
        return part

    def least_unplaced(self, part: np.ndarray) -> dict[str, float]:
        """Return the least plant of unknown place by material that serves the given parts."""
        session = self.session
        session.change_row_bounds(self.even, np.full(self.use.size, -np.inf), None)
        session.change_bounds(self.served, self.use * part * (1 - 1e-9), self.use * part)
        session.change_costs(self.common, 0.0)
        session.change_costs(self.extra, np.ones(self.extra.count))
        solution = session.solve(warm="last")
        amounts = solution.value(self.extra) if solution.has_values else np.zeros(self.extra.count)
        return dict(zip(self.open_groups["material"].to_list(), amounts.tolist(), strict=True))


def _upper(network: Network) -> np.ndarray:
    """Return no limit for what has plant in the base year, for options and for collection; 0 for what is to come."""
    used = network.nodes.filter(pl.col("material").is_in(network.used["material"].implode()))["node"]
    takes_used = network.flows.filter((pl.col("t_per_t") < 0) & pl.col("node").is_in(used.implode()))["activity"]
    has_plant = pl.col("group").is_not_null() | (pl.col("kind") == "choice")
    free = network.activities.select(
        pl.col("is_existing") & (has_plant | pl.col("activity").is_in(takes_used.implode()))
    )
    return np.where(free.to_series().to_numpy(), np.inf, 0.0)


def _disposable(network: Network) -> np.ndarray:
    free = network.materials.filter(pl.col("is_free") | pl.col("disposal_usd_per_t").is_not_null())["material_id"]
    nodes = network.nodes.filter((pl.col("side") == "made") & pl.col("material").is_in(free.implode()))
    return nodes["node"].to_numpy()


def _has_unknown(network: Network) -> pl.Expr:
    stages = network.materials.filter(~pl.col("stage").is_in(["mining", "recycling"]))["material_id"]
    return pl.col("material").is_in(stages.implode())
