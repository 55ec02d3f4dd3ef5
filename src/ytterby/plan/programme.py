"""The linear programme of a plan: variables, balances, capacity; one block of columns or rows for each kind of thing.

For period t: run x, built run z, ship s, surplus w, unmet u, stock k, build b.

    made node:   sum_a A+ (x + z) - sum of lanes out - w = 0             (plus old scrap that arises)
    held node:   sum of lanes in + k(t-1) - k(t) - sum_a A- (x + z) + u = use
    group:       sum of x over processes that share the plant <= existing + announced capacity
    candidate:   z(t) <= sum over decisions d of ramp(t - ready(d)) b(d), within life

The rest of the world has the same rows, but no b: only blocs that plan build. Money, people, policy and targets are
added by their own modules through `Programme`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp

from ytterby.errors import YtterbyError
from ytterby.network import Network
from ytterby.plan.costs import Category, Ledger
from ytterby.plan.horizon import Horizon
from ytterby.plan.options import Options
from ytterby.solve import Columns, Model, Rows

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass
class Programme:
    """A plan's programme in the making: the model, its blocks by name, its ledger and where things stand."""

    network: Network
    horizon: Horizon
    options: Options
    model: Model = field(default_factory=Model)
    ledger: Ledger = field(default_factory=Ledger)
    columns: dict[str, Columns] = field(default_factory=dict)
    rows: dict[str, Rows] = field(default_factory=dict)
    figures: dict[str, Ints] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    extra: dict[str, pl.DataFrame] = field(default_factory=dict)
    new_from: int = 1  # first period in which candidates may run

    def add_columns(
        self, name: str, labels: pl.DataFrame, lower: npt.ArrayLike = 0.0, upper: npt.ArrayLike = np.inf
    ) -> Columns:
        """Add a block of columns, one a row of `labels`."""
        block = self.model.columns(name, labels.height, lower=lower, upper=upper, labels=labels)
        self.columns[name] = block
        return block

    def add_rows(self, name: str, labels: pl.DataFrame, lower: npt.ArrayLike, upper: npt.ArrayLike) -> Rows:
        """Add a block of rows, one a row of `labels`."""
        block = self.model.rows(name, count=labels.height, lower=lower, upper=upper, labels=labels)
        self.rows[name] = block
        return block

    def note_once(self, sentence: str) -> None:
        """Keep a sentence for the result, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def charge(
        self,
        category: Category,
        block: Columns,
        usd_per_unit: npt.ArrayLike,
        figures: npt.ArrayLike = -1,
        *,
        which: Ints | None = None,
        periods: Ints | None = None,
    ) -> None:
        """Charge columns a yearly cost in their period: discounted by the period's weight."""
        index = block.index if which is None else block.index[which]
        labels = block.table
        when = labels["period"].to_numpy() if periods is None and labels is not None else periods
        assert when is not None
        when = when if which is None or periods is not None else when[which]
        yearly = np.broadcast_to(np.asarray(usd_per_unit, dtype=np.float64), index.shape)
        self.ledger.add(
            category,
            index,
            yearly * self.horizon.weights[when],
            yearly * self.horizon.undiscounted[when],
            figures,
        )


def cross(frame: pl.DataFrame, periods: npt.ArrayLike) -> pl.DataFrame:
    """Return every row of a frame in every period, period by period."""
    when = pl.DataFrame({"period": np.asarray(periods, dtype=np.int32)})
    return when.join(frame, how="cross")


def add_operation(programme: Programme, scrap: pl.DataFrame, values: pl.DataFrame, prices: Mapping[str, float]) -> None:
    """Add runs, lanes, surplus, unmet use and the balances of both nodes.

    Args:
        programme: the programme.
        scrap: old scrap: material, region, period, t_per_a.
        values: value of lost use of each row of demand: usd_per_t, figure.
        prices: observed prices, on which ad valorem tariffs are charged.
    """
    network, horizon = programme.network, programme.horizon
    programme.extra["scrap"] = scrap
    T = horizon.count
    runs = network.activities.filter(pl.col("is_existing") | (pl.col("kind") == "choice"))
    run = programme.add_columns("run", cross(runs.select("activity", "process_id", "region", "kind"), np.arange(T)))
    build_runs = network.activities.filter(pl.col("is_candidate") & (pl.col("kind") == "run"))
    later = np.arange(programme.new_from, T)
    new = programme.add_columns("new_run", cross(build_runs.select("activity", "process_id", "region"), later))
    lanes = cross(network.lanes.select("lane", "material", "exporter", "importer"), np.arange(T))
    ship = programme.add_columns("ship", lanes, upper=_lane_limits(network, horizon.years).ravel())
    _opex(programme, run)
    _opex(programme, new)
    _freight(programme, ship, prices)
    free = (
        network.nodes.filter(pl.col("side") == "made")
        .join(
            network.materials.select("material_id", "is_free", "disposal_usd_per_t"),
            left_on="material",
            right_on="material_id",
        )
        .filter(pl.col("is_free") | pl.col("disposal_usd_per_t").is_not_null())
    )
    surplus = programme.add_columns(
        "surplus", cross(free.select("node", "material", "region", "disposal_usd_per_t"), np.arange(T))
    )
    programme.charge(Category.DISPOSAL, surplus, surplus.table["disposal_usd_per_t"].fill_null(0.0).to_numpy())
    _balances(programme, run, new, ship, surplus, scrap, values)


def _opex(programme: Programme, block: Columns) -> None:
    activities = programme.network.activities
    which = block.table["activity"].to_numpy()
    cost = activities["opex_usd_per_t"].to_numpy()[which]
    is_run = (activities["kind"] == "run").to_numpy()[which]
    missing = is_run & np.isnan(cost.astype(np.float64))
    if missing.any():
        names = sorted(set(activities["process_id"].to_numpy()[which[missing]]))
        raise YtterbyError(
            f"{programme.network.chain.name}: table process_parameters has no opex for {', '.join(names)}; "
            "add a row for each (0 where it costs nothing), since a missing cost is never taken as 0"
        )
    figure = activities["opex_figure"].fill_null(-1).to_numpy()[which]
    programme.charge(Category.OPERATION, block, np.nan_to_num(cost), figure)


def _freight(programme: Programme, ship: Columns, prices: Mapping[str, float]) -> None:
    lanes = programme.network.lanes
    which = ship.table["lane"].to_numpy()
    figure = lanes["freight_figure"].fill_null(-1).to_numpy()[which]
    programme.charge(Category.FREIGHT, ship, lanes["freight_usd_per_t"].fill_null(0.0).to_numpy()[which], figure)
    tariff = lanes["tariff_usd_per_t"].fill_null(0.0).to_numpy()[which]
    share = lanes["tariff_share"].fill_null(0.0).to_numpy()
    if share.any():
        tariff = tariff + (share * _priced(programme, prices, share))[which]
    programme.charge(Category.TARIFF, ship, tariff)


def _priced(programme: Programme, prices: Mapping[str, float], share: Array) -> Array:
    """Return the price on which an ad valorem tariff of each lane is charged, USD per t."""
    materials = programme.network.lanes["material"].to_list()
    lost = sorted({m for m, s in zip(materials, share, strict=True) if s and m not in prices})
    if lost:
        raise YtterbyError(
            f"{programme.network.chain.name}: table lanes has an ad valorem tariff on {', '.join(lost)}, of which no "
            "price is stated; add a row to prices, or write tariff_usd_per_t"
        )
    return np.array([prices.get(m, 0.0) for m in materials])


def _lane_limits(network: Network, years: Ints) -> Array:
    """Return the most that each lane carries in each period, shape (periods, lanes); 0 in years outside its own."""
    lanes = network.lanes
    most = lanes["capacity_t_per_a"].fill_null(np.inf).to_numpy()
    first = lanes["year_from"].fill_null(-(10**6)).to_numpy()[None, :]
    last = lanes["year_to"].fill_null(10**6).to_numpy()[None, :]
    holds = (years[:, None] >= first) & (years[:, None] <= last)
    return np.where(holds, most[None, :], 0.0)


def _balances(
    programme: Programme,
    run: Columns,
    new: Columns,
    ship: Columns,
    surplus: Columns,
    scrap: pl.DataFrame,
    values: pl.DataFrame,
) -> None:
    network, T, N = programme.network, programme.horizon.count, programme.network.nodes.height
    years = programme.horizon.years
    labels = cross(network.nodes.select("node", "region", "material", "side"), np.arange(T)).with_columns(
        pl.Series("year", np.repeat(years, N))
    )
    supply = np.zeros(T * N)
    arising = scrap.join(
        network.nodes.filter(pl.col("side") == "made").select("node", "material", "region"), on=["material", "region"]
    )
    np.add.at(supply, arising["period"].to_numpy() * N + arising["node"].to_numpy(), arising["t_per_a"].to_numpy())
    use = demand_by_period(network, programme.horizon)
    where = (np.arange(T)[:, None] * N + network.demand["node"].to_numpy()[None, :]).ravel()
    np.add.at(supply, where, -use.ravel())
    balance = programme.add_rows("balance", labels, -supply, -supply)
    technology = sp.coo_array(network.technology)
    for block in (run, new):
        _enter(programme, balance, block, technology, "activity", N)
        _change_yields(programme, balance, block, N)
    _enter(programme, balance, ship, network.incidence, "lane", N)
    at = surplus.table["period"].to_numpy() * N + surplus.table["node"].to_numpy()
    programme.model.entries(balance.index[at], surplus.index, -np.ones(surplus.count))
    unmet = _unmet(programme, use, values)
    row = unmet.table["period"].to_numpy() * N + network.demand["node"].to_numpy()[unmet.table["demand"].to_numpy()]
    programme.model.entries(balance.index[row], unmet.index, np.ones(unmet.count))


def demand_by_period(network: Network, horizon: Horizon) -> Array:
    """Return use, t a year, shape (periods, rows of demand), at the middle of each period.

    Use grows where plant can be built. Elsewhere neither plant nor use grows, so that the rest of the world does not
    run short of what it cannot build. A package whose demand is complete is taken at its word, year by year.
    """
    own = network.demand["region"].is_in(list(network.places.blocs)).to_numpy() | network.is_stated
    t, growth = network.demand["t"].to_numpy(), np.where(own, network.demand["growth"].to_numpy(), 0.0)
    middle = horizon.years + (horizon.lengths - 1) / 2 - horizon.base
    result: Array = t[None, :] * np.power(1.0 + growth[None, :], middle[:, None])
    for row, year, stated, rate in network.demand_years.iter_rows():
        later = middle + horizon.base >= year
        result[later, row] = stated * np.power(1.0 + rate, middle[later] + horizon.base - year)
    return result


def _unmet(programme: Programme, use: Array, values: pl.DataFrame) -> Columns:
    demand = programme.network.demand.with_row_index("demand").select("demand", "material", "region", "end_use")
    labels = cross(demand, np.arange(programme.horizon.count))
    unmet = programme.add_columns("unmet", labels, upper=use.ravel())
    which = labels["demand"].to_numpy()
    price = values["usd_per_t"].to_numpy() * programme.options.lost_use
    programme.charge(Category.UNMET, unmet, price[which], values["figure"].to_numpy()[which])
    return unmet


def _change_yields(programme: Programme, balance: Rows, block: Columns, nodes: int) -> None:
    """Enter by how much coefficients differ from the base's in the years for which table recipe_years has others."""
    network = programme.network
    rows = network.chain.recipe_years
    if rows.is_empty() or not block.count:
        return
    signed = pl.when(pl.col("direction") == "in").then(-1.0).otherwise(1.0)
    new = rows.select(
        "process_id", "material_id", pl.col("year").alias("from"), (pl.col("t_per_t") * signed).alias("later")
    )
    old = (
        network.flows.join(network.nodes.select("node", "material", "side"), on="node")
        .join(network.activities.select("activity", "process_id"), on="activity")
        .with_columns((pl.col("t_per_t") > 0).alias("out"))
    )
    pairs = old.join(
        new.with_columns((pl.col("later") > 0).alias("out")),
        left_on=["process_id", "material", "out"],
        right_on=["process_id", "material_id", "out"],
    )
    years = pl.DataFrame(
        {"period": np.arange(programme.horizon.count, dtype=np.int32), "year": programme.horizon.years}
    )
    held = (
        pairs.join(years, how="cross")
        .filter(pl.col("from") <= pl.col("year"))
        .sort("from")
        .group_by("activity", "node", "period", maintain_order=True)
        .agg((pl.col("later") - pl.col("t_per_t")).last().alias("change"))
    )
    columns = block.table.select("activity", "period").with_columns(pl.Series("column", block.index))
    found = held.join(columns.with_columns(pl.col("activity").cast(held.schema["activity"])), on=["activity", "period"])
    at = found["period"].to_numpy().astype(np.int64) * nodes + found["node"].to_numpy()
    programme.model.entries(balance.index[at], found["column"].to_numpy(), found["change"].to_numpy())


def _enter(programme: Programme, balance: Rows, block: Columns, matrix: sp.sparray, what: str, nodes: int) -> None:
    """Enter a node matrix once a period for the columns of a block that name one of its columns each."""
    if not block.count:
        return
    csc = sp.csc_array(matrix)
    which, period = block.table[what].to_numpy(), block.table["period"].to_numpy()
    counts = np.diff(csc.indptr)[which]
    columns = np.repeat(block.index, counts)
    starts = np.repeat(csc.indptr[which], counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    place = starts + within
    rows = np.repeat(period, counts).astype(np.int64) * nodes + csc.indices[place]
    programme.model.entries(balance.index[rows], columns, csc.data[place])


def add_capacity(programme: Programme, odds: Mapping[str, float]) -> None:
    """Add the capacity that existing plant shares, announced additions at their odds included."""
    network, horizon = programme.network, programme.horizon
    T = horizon.count
    keys = {(m, r): n for m, r, n in network.groups.select("material", "region", "group").iter_rows()}
    size = np.tile(network.groups["capacity_t_per_a"].to_numpy(), (T, 1))
    extra: dict[tuple[str, str], Array] = {}
    for material, region, year, t, status in network.announced.select(
        "material", "region", "year", "t_per_a", "status"
    ).iter_rows():
        start = horizon.period_of(year)
        addition = np.where(np.arange(T) >= start, t * odds.get(status, 0.0), 0.0)
        if (material, region) in keys:
            size[:, keys[material, region]] += addition
        else:
            extra[material, region] = extra.get((material, region), np.zeros(T)) + addition
    for (material, region), t in programme.options.capacity.items():
        if (material, region) in keys:
            size[:, keys[material, region]] += t
        else:
            extra[material, region] = extra.get((material, region), np.zeros(T)) + t
    frame = network.groups.select("group", "material", "region", "figure")
    more = [(frame.height + k, m, r, -1) for k, (m, r) in enumerate(sorted(extra))]
    groups = pl.concat([frame, pl.DataFrame(more, schema=frame.schema, orient="row")])
    size = np.concatenate([size, *(extra[key][:, None] for key in sorted(extra))], axis=1)
    labels = cross(groups, np.arange(T)).with_columns(pl.Series("year", np.repeat(horizon.years, groups.height)))
    rows = programme.add_rows("capacity", labels, -np.inf, size.ravel())
    number = {(m, r): n for n, (m, r) in enumerate(groups.select("material", "region").iter_rows())}
    run = programme.columns["run"]
    activities = network.activities
    group_of = np.array(
        [
            number.get((m, r), -1) if kind == "run" else -1
            for m, r, kind in activities.select("material", "region", "kind").iter_rows()
        ]
    )
    which = group_of[run.table["activity"].to_numpy()]
    held = np.flatnonzero(which >= 0)
    at = run.table["period"].to_numpy()[held].astype(np.int64) * groups.height + which[held]
    programme.model.entries(rows.index[at], run.index[held], np.ones(held.size))
