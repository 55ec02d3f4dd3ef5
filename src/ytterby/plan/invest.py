"""Building: candidates, lead times, ramp-up, life, build rates, budgets and what a plant costs.

A build decided in a period is ready after permitting, financing and construction, gives a first- and second-year
share of its capacity, then all of it until its life ends. It costs capex (1 + w)^(c/2) CRF(w, life) a year from when
it is ready, with w the cost of capital of place and stage, c the years of construction and CRF(w, n) = w / (1 - (1 +
w)^-n), the annuity (e.g. Short, Packey, Holt 1995, NREL/TP-462-5173, eq. 2-9). So the horizon's end distorts
nothing. Money to be committed is capex, spread evenly over construction.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from ytterby.errors import YtterbyError
from ytterby.network.figures import FigureBook, Money
from ytterby.network.norms import Norms
from ytterby.plan.costs import Category
from ytterby.plan.programme import Programme

Array = npt.NDArray[np.float64]
UNSTATED_RAMP = (1.0, 1.0)  # a package that states no ramp-up has none


def annuity(rate: float, years: float) -> float:
    """Return the yearly payment on a loan of 1 over `years` at `rate` a year."""
    return 1.0 / years if rate == 0 else rate / (1.0 - (1.0 + rate) ** -years)


def add_builds(programme: Programme, norms: Norms, register: FigureBook) -> None:
    """Add builds and the rows that tie built runs to them.

    Args:
        programme: the programme, with runs.
        norms: cost of capital, permitting, ramp-up.
        register: figures beyond those of the network, numbered on from them; gains what is used.
    """
    network, horizon, options = programme.network, programme.horizon, programme.options
    candidates = network.activities.filter(pl.col("is_candidate") & (pl.col("kind") == "run"))
    terms = [_terms(programme, norms, row) for row in candidates.iter_rows(named=True)]
    rows, usd, plain, spans = [], [], [], []
    for row, term in zip(candidates.iter_rows(named=True), terms, strict=True):
        for d in range(1, horizon.count):
            decided = int(horizon.years[d])
            ready = decided + term.lead
            if ready > horizon.end:
                continue
            last = min(ready + row["life_a"] - 1, horizon.end)
            paid = np.arange(int(np.ceil(ready)), int(np.floor(last)) + 1)
            cost = row["capex_usd_per_t_per_a"] * term.yearly * term.unit
            rows.append(
                (
                    row["activity"],
                    row["process_id"],
                    row["region"],
                    row["stage"],
                    row["material"],
                    d,
                    decided,
                    int(np.ceil(ready)),
                    term.lead,
                    row["build_a"],
                    row["life_a"],
                    term.unit,
                )
            )
            usd.append(cost * horizon.factor(paid).sum())
            plain.append(cost * paid.size)
            spans.append(row["capex_figure"])
    labels = pl.DataFrame(rows, schema=LABELS, orient="row")
    lower, upper = _bounds(programme, labels)
    block = programme.model.columns(
        "build", labels.height, lower=lower, upper=upper, labels=labels, integer=options.whole_plants
    )
    programme.columns["build"] = block
    programme.ledger.add(
        Category.INVESTMENT,
        block.index,
        np.array(usd),
        np.array(plain),
        np.array(spans, dtype=np.int64) if spans else -1,
    )
    _tie(programme, norms)
    if options.build_rates and options.fixed_builds is None:
        _limit_rates(programme, norms)
    if options.money and options.fixed_builds is None:
        _budgets(programme, norms.money)


LABELS = {
    "activity": pl.Int32,
    "process_id": pl.String,
    "region": pl.String,
    "stage": pl.String,
    "material": pl.String,
    "period": pl.Int32,
    "year_decided": pl.Int32,
    "year_ready": pl.Int32,
    "lead_a": pl.Float64,
    "build_a": pl.Float64,
    "life_a": pl.Float64,
    "unit_t": pl.Float64,
}


class _Term:
    """Terms of one candidate: years of lead, yearly payment per dollar of capex, tonnes a unit of the column."""

    def __init__(self, lead: float, yearly: float, unit: float) -> None:
        self.lead, self.yearly, self.unit = lead, yearly, unit


def _terms(programme: Programme, norms: Norms, row: dict[str, object]) -> _Term:
    stage, region = str(row["stage"]), str(row["region"])
    permitting = norms.of("permitting", stage=stage, place=region)
    rate = norms.of("cost_of_capital", stage=stage, place=region)
    if rate is None:
        w = programme.horizon.rate
        programme.note_once(
            f"No cost of capital is stated for stage {stage} at {region} (table norms): the discount rate of "
            f"{100 * w:g} % stands in."
        )
    else:
        w = rate.value
    build, life = float(str(row["build_a"])), float(str(row["life_a"]))
    financing = norms.of("financing", stage=stage, place=region)
    waiting = sum(f.value for f in (permitting, financing) if f is not None)
    lead = waiting + build - programme.options.years_sooner
    yearly = (1.0 + w) ** (build / 2) * annuity(w, life)
    unit = _plant_size(programme, str(row["material"])) if programme.options.whole_plants else 1.0
    return _Term(max(0.0, lead), yearly, unit)


def _plant_size(programme: Programme, material: str) -> float:
    """Return the median capacity of existing sites of a material, or that of the regions where none is stated."""
    from ytterby.tonnage import gross_of

    chain = programme.network.chain
    rows = chain.facility_output.filter(
        (pl.col("material_id") == material) & pl.col("measure").is_in(["capacity", "planned_capacity"])
    ).drop_nulls("quantity")
    sizes = [q * gross_of(chain, material, unit) for q, unit in rows.select("quantity", "unit").iter_rows()]
    sizes = sizes or programme.network.groups.filter(pl.col("material") == material)["capacity_t_per_a"].to_list()
    return float(np.median(sizes)) if sizes else 1.0


def _bounds(programme: Programme, labels: pl.DataFrame) -> tuple[Array, Array]:
    count, fixed = labels.height, programme.options.fixed_builds
    if fixed is None:
        return np.zeros(count), np.full(count, np.inf)
    keys = list(labels.select("process_id", "region", "year_decided").iter_rows())
    lost = [key for key in fixed if key not in set(keys)]
    if lost:
        process, region, year = lost[0]
        raise YtterbyError(f"a build of {process} at {region} decided in {year} is no candidate of this plan")
    values = np.array([fixed.get(key, 0.0) for key in keys]) / np.maximum(labels["unit_t"].to_numpy(), 1e-12)
    return values, values


def available(programme: Programme, norms: Norms) -> tuple[pl.DataFrame, Array]:
    """Return which part of each build is there in each period, shape (builds, periods), in tonnes a unit of column."""
    labels, horizon = programme.columns["build"].labels, programme.horizon
    assert labels is not None
    ready, life = labels["year_ready"].to_numpy()[:, None], labels["life_a"].to_numpy()[:, None]
    ramp = _ramp(labels, norms)
    share = np.zeros((labels.height, horizon.count))
    for step in range(int(horizon.lengths.max())):
        year = horizon.years[None, :] + step
        age = year - ready
        part = np.where(age < 0, 0.0, np.where(age == 0, ramp[0][:, None], np.where(age == 1, ramp[1][:, None], 1.0)))
        part = np.where(age >= life, 0.0, part)
        share += np.where(step < horizon.lengths[None, :], part, 0.0)
    return labels, share / horizon.lengths[None, :] * labels["unit_t"].to_numpy()[:, None]


def _ramp(labels: pl.DataFrame, norms: Norms) -> tuple[Array, Array]:
    """Return the share of capacity that each build gives in its first and its second year."""
    shares: list[Array] = []
    for parameter, default in zip(("ramp_first_year", "ramp_second_year"), UNSTATED_RAMP, strict=True):
        found = {
            (stage, region): norms.of(parameter, stage=stage, place=region)
            for stage, region in labels.select("stage", "region").unique().iter_rows()
        }
        rows = labels.select("stage", "region").iter_rows()
        shares.append(np.array([f.value if (f := found[key]) is not None else default for key in rows]))
    return shares[0], shares[1]


def _tie(programme: Programme, norms: Norms) -> None:
    """Add rows: built runs of a candidate and period are within what its builds give then."""
    new, build = programme.columns["new_run"], programme.columns["build"]
    labels, share = available(programme, norms)
    order = new.table.with_row_index("row").select("row", "activity", "period")
    rows = programme.add_rows(
        "built_capacity",
        new.table.with_columns(pl.Series("year", programme.horizon.years[new.table["period"].to_numpy()])),
        -np.inf,
        0.0,
    )
    programme.model.entries(rows.index, new.index, np.ones(new.count))
    at, period = np.nonzero(share)
    pairs = pl.DataFrame(
        {
            "column": build.index[at],
            "activity": labels["activity"].to_numpy()[at],
            "period": period.astype(np.int32),
            "value": share[at, period],
        }
    ).join(order, on=["activity", "period"])
    programme.model.entries(rows.index[pairs["row"].to_numpy()], pairs["column"].to_numpy(), -pairs["value"].to_numpy())


def _limit_rates(programme: Programme, norms: Norms) -> None:
    """Add rows: what a region decides of a material in a period is within its build rate."""
    block, network, horizon = programme.columns["build"], programme.network, programme.horizon
    world = dict(network.groups.group_by("material").agg(pl.col("capacity_t_per_a").sum()).iter_rows())
    keys = block.table.select("material", "region", "stage", "period").unique().sort("material", "region", "period")
    kept, upper = [], []
    for material, region, stage, period in keys.iter_rows():
        rate = norms.of("build_rate", stage=stage, place=region)
        if rate is not None and world.get(material):
            kept.append((material, region, period, int(horizon.years[period])))
            upper.append(rate.value * world[material] * horizon.lengths[period])
    schema = {"material": pl.String, "region": pl.String, "period": pl.Int32, "year": pl.Int32}
    labels = pl.DataFrame(kept, schema=schema, orient="row")
    rows = programme.add_rows("build_rate", labels, -np.inf, np.array(upper))
    pairs = block.table.with_columns(pl.Series("column", block.index)).join(
        labels.with_row_index("row"), on=["material", "region", "period"]
    )
    programme.model.entries(rows.index[pairs["row"].to_numpy()], pairs["column"].to_numpy(), pairs["unit_t"].to_numpy())


def spending(programme: Programme) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Array]:
    """Return build, period and million USD a unit of capacity: capex spread evenly over its construction years."""
    block, horizon = programme.columns["build"], programme.horizon
    capex = programme.network.activities["capex_usd_per_t_per_a"].to_numpy()[block.table["activity"].to_numpy()]
    unit = block.table["unit_t"].to_numpy()
    ready, build = block.table["year_ready"].to_numpy(), block.table["build_a"].to_numpy()
    builds, periods, musd = [], [], []
    for number, (end, years) in enumerate(zip(ready, np.maximum(1, np.ceil(build)).astype(int), strict=True)):
        for year in range(int(end) - int(years), int(end)):
            builds.append(number)
            periods.append(horizon.holding(max(year, int(horizon.years[1]))))
            musd.append(capex[number] * unit[number] / years / 1e6)
    return np.array(builds, dtype=np.int64), np.array(periods, dtype=np.int64), np.array(musd)


def _budgets(programme: Programme, money: Money) -> None:
    """Add rows: what the planned bloc spends on construction in a period is within its budget."""
    options, network, horizon = programme.options, programme.network, programme.horizon
    bloc = options.blocs[0]
    stated = network.chain.budgets.filter(pl.col("bloc_id") == bloc).sort("year")
    if options.budget_musd is not None:
        limit = np.full(horizon.count, options.budget_musd)
    elif stated.is_empty():
        limit = np.full(horizon.count, np.inf)  # rows all the same, so that one can be tried
    else:
        usd = np.array([musd * money.factor(year) for musd, year in stated.select("musd", "money_year").iter_rows()])
        at = np.searchsorted(stated["year"].to_numpy(), horizon.years, side="right") - 1
        limit = np.where(at < 0, np.inf, usd[np.maximum(at, 0)])
    labels = pl.DataFrame(
        {
            "region": [bloc] * horizon.count,
            "period": np.arange(horizon.count, dtype=np.int32),
            "year": horizon.years.astype(np.int32),
        }
    )
    rows = programme.add_rows("budget", labels, -np.inf, limit * horizon.lengths)
    builds, periods, musd = spending(programme)
    block = programme.columns["build"]
    own = (block.table["region"] == bloc).to_numpy()[builds]
    programme.model.entries(rows.index[periods[own]], block.index[builds[own]], musd[own])
