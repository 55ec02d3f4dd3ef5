"""Published problems planned as packages, and the same networks written independently: linopy, PyPSA, scipy.

Screening curve: Brown, Hoersch, Schlachtberger 2018, PyPSA: Python for Power System Analysis, example `generation
investment screening curve`: coal 2 + 15, gas 12 + 10, no supply 1012 a MWh and MW, load 1000 (1 - z). The curves cross
at 0.01 and 0.5 of the time, so that of 1000 MW 500 are coal, 490 gas, and 10 are not served.

Transport: Dantzig 1963, Linear Programming and Extensions, chapter 3.3, the cannery; 153.675 thousand dollars.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from plan_package import Package
from test_plan_shapes import PLAIN, solved
from ytterby.chain import load_chain
from ytterby.plan import plan

PARTS = 100  # of the time, one a year of the plan
COAL, GAS, NOTHING = (2, 15), (12, 10), 1012
LEAST_COST = (
    10 * sum(PARTS * COAL[1] + k * COAL[0] for k in range(51, PARTS + 1))
    + 10 * sum(PARTS * GAS[1] + k * GAS[0] for k in range(2, 51))
    + 10 * NOTHING
)


def load(part: int) -> float:
    return 1000.0 - 1000.0 * part / PARTS


def screening() -> Package:
    package = Package().material("power")
    for name, (marginal, capital) in (("coal", COAL), ("gas", GAS)):
        costs = {"opex": marginal, "capex": PARTS * capital, "build_time": 0, "life": PARTS}
        package.process(name, {}, {"power": 1}, **costs)
    for part in range(PARTS):
        package.use("power", "FRA", load(part), year=2025 + part)
    return package.shortage("power", NOTHING)


def test_published_capacity_expansion(tmp_path: Path) -> None:
    chain = screening().chain(tmp_path / "power")
    options = replace(PLAIN, until=2024 + PARTS)
    free = plan(chain, options, worth=False)
    assert free.objective_usd == pytest.approx(LEAST_COST, rel=1e-9)
    published = {("coal", "FRA", 2025): 500.0, ("gas", "FRA", 2025): 490.0}
    held = plan(chain, replace(options, fixed_builds=published), worth=False)
    assert held.objective_usd == pytest.approx(free.objective_usd, rel=1e-9)
    assert held.tables["unmet"]["t"].to_list() == pytest.approx([10.0], rel=1e-9)
    made = held.tables["output"].group_by("process").agg(pl.col("t").sum()).sort("process")
    assert dict(made.iter_rows()) == pytest.approx({"coal": 37_750, "gas": 490 + 10 * sum(range(50))}, rel=1e-9)


@pytest.mark.skipif(find_spec("pypsa") is None, reason="PyPSA is not installed")
def test_the_same_in_pypsa() -> None:
    import pypsa

    network = pypsa.Network()
    network.set_snapshots(range(PARTS))
    network.add("Bus", "bus")
    network.add("Load", "load", bus="bus", p_set=np.array([load(part) for part in range(PARTS)]))
    for name, (marginal, capital) in (("coal", COAL), ("gas", GAS), ("nothing", (NOTHING, 0))):
        network.add(
            "Generator", name, bus="bus", p_nom_extendable=True, marginal_cost=marginal, capital_cost=PARTS * capital
        )
    network.optimize(solver_name="highs")
    assert network.objective == pytest.approx(LEAST_COST, rel=1e-6)


def test_published_transport(tmp_path: Path) -> None:
    """Two canneries, three markets, 90 dollars a case and thousand miles; places stand for the towns."""
    package = Package().material("case").process("can", {}, {"case": 1}, opex=0)
    for place, t in (("USA", 350), ("MEX", 600)):  # Seattle, San Diego
        package.plant("case", place, t)
    miles = {
        ("USA", "CAN"): 2.5,
        ("USA", "CUB"): 1.7,
        ("USA", "GTM"): 1.8,
        ("MEX", "CAN"): 2.5,
        ("MEX", "CUB"): 1.8,
        ("MEX", "GTM"): 1.4,
    }
    for (a, b), thousand in miles.items():
        package.lane("case", a, b, 90 * thousand)
    for place, t in (("CAN", 325), ("CUB", 300), ("GTM", 275)):  # New York, Chicago, Topeka
        package.use("case", place, t)
    result = solved(package.shortage("case", 10_000), tmp_path)
    assert result.undiscounted_usd == pytest.approx(2 * 153_675, rel=1e-9)


def test_growing_network_equals_linopy(tmp_path: Path) -> None:
    """Two places, two steps, builds at one of them with lead, ramp, life and a build rate, discounted: to 1e-6."""
    linopy = pytest.importorskip("linopy")
    xr = pytest.importorskip("xarray")
    pd = pytest.importorskip("pandas")
    rate, capital, years = 0.04, 0.07, np.arange(2024, 2033)
    use = 20 * 1.06 ** (years - 2024)
    package = Package().material("ore", "mining").material("widget")
    package.process("dig", {}, {"ore": 1}, stage="mining", opex=3).plant("ore", "USA", 200).plant("ore", "FRA", 15)
    package.process("press", {"ore": 1.7}, {"widget": 1}, opex=11, capex=90, build_time=2, life=4)
    package.plant("widget", "FRA", 12).plant("widget", "USA", 14)
    package.lane("ore", "USA", "FRA", 2.5).lane("widget", "USA", "FRA", 6, capacity_t_per_a=5)
    package.use("widget", "FRA", 20, growth_per_a=0.06).use("widget", "USA", 6).shortage("widget", 75)
    package.norm("cost_of_capital", capital, "1/a").norm("ramp_first_year", 0.4, "1").norm("ramp_second_year", 0.8, "1")
    package.norm("build_rate", 0.2, "1/a")
    result = solved(package, tmp_path, until=2032, discount=rate, build_rates=True)

    model, time = linopy.Model(), pd.Index(years, name="year")
    plus = [model.add_variables(lower=0, coords=[time], name=n) for n in ("digF", "digU", "oreUF", "widUF", "uF", "uU")]
    dig_f, dig_u, ore_uf, wid_uf, short_f, short_u = plus
    old_f, old_u, new = (model.add_variables(lower=0, coords=[time], name=n) for n in ("oldF", "oldU", "new"))
    build = model.add_variables(lower=0, upper=0.2 * 26, coords=[pd.Index(years[1:-2], name="decided")], name="build")
    age = years[:, None] - (years[1:-2][None, :] + 2)
    share = np.select([age < 0, age == 0, age == 1, age < 4], [0, 0.4, 0.8, 1.0], 0.0)
    share = xr.DataArray(share, coords={"year": years, "decided": years[1:-2]}, dims=("year", "decided"))
    model.add_constraints(new - (build * share).sum("decided") <= 0)
    model.add_constraints(old_f <= 12)
    model.add_constraints(old_u <= 14)
    model.add_constraints(dig_f <= 15)
    model.add_constraints(dig_u <= 200)
    model.add_constraints(wid_uf <= 5)
    model.add_constraints(dig_f + ore_uf - 1.7 * old_f - 1.7 * new == 0)
    model.add_constraints(dig_u - ore_uf - 1.7 * old_u == 0)
    model.add_constraints(old_f + new + wid_uf + short_f == xr.DataArray(use, coords={"year": years}))
    model.add_constraints(old_u - wid_uf + short_u == 6)
    weight = xr.DataArray((1 + rate) ** -(years - 2024.0), coords={"year": years})
    yearly = 3 * (dig_f + dig_u) + 11 * (old_f + old_u + new) + 2.5 * ore_uf + 6 * wid_uf + 75 * (short_f + short_u)
    pay = 90 * (1 + capital) * capital / (1 - (1 + capital) ** -4)
    stands = [weight.sel(year=[y for y in years if d + 2 <= y < d + 6]).sum().item() for d in years[1:-2]]
    paid = xr.DataArray(pay * np.array(stands), coords={"decided": years[1:-2]})
    model.add_objective((yearly * weight).sum() + (build * paid).sum())
    model.solve(solver_name="highs", output_flag=False)
    assert result.objective_usd == pytest.approx(model.objective.value, rel=1e-6)


PLACES = ("FRA", "USA", "JPN")


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 10_000))
def test_any_small_network_equals_scipy(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """Ore or scrap to widgets at three places with lanes, limits and shortage: the plain least-cost flow, to 1e-9."""
    from scipy.optimize import linprog

    draw = np.random.default_rng(seed)
    names = ("ore", "scrap", "widget")
    opex = draw.integers(1, 40, 3)
    plant = draw.integers(0, 50, (3, 3)) * (draw.random((3, 3)) < 0.7)
    freight, is_lane = draw.integers(0, 20, (3, 3, 3)), draw.random((3, 3, 3)) < 0.6
    limit = draw.integers(1, 40, (3, 3, 3))
    use, lost = draw.integers(1, 40, 3), draw.integers(20, 300, 3)
    takes = (2.0, 1.25)

    package = Package().material("ore", "mining").material("scrap", "recycling", kind="scrap").material("widget")
    package.process("dig", {}, {"ore": 1}, stage="mining", opex=int(opex[0]))
    package.process("sort", {}, {"scrap": 1}, stage="recycling", opex=int(opex[1]))
    package.process("press", {"ore": (2.0, "feed"), "scrap": (1.25, "feed")}, {"widget": 1}, opex=int(opex[2]))
    cost, upper, columns = [], [], []  # columns: entries by (material, side, place)

    def column(usd: float, most: float, **entries: float) -> None:
        cost.append(usd)
        upper.append(most)
        columns.append(entries)

    for p, place in enumerate(PLACES):
        for m in range(3):
            package.plant(names[m], place, int(plant[m, p]))
        column(opex[0], plant[0, p], **{f"ore made {p}": 1})
        column(opex[1], plant[1, p], **{f"scrap made {p}": 1})
        column(0, np.inf, **{f"scrap made {p}": -1})
        column(opex[2], plant[2, p], **{f"widget made {p}": 1, f"slot {p}": -1})
        for m in range(2):
            column(0, np.inf, **{f"{names[m]} held {p}": -takes[m], f"slot {p}": 1})
        package.use("widget", place, int(use[p])).shortage("widget", int(lost[p]), place=place)
        column(lost[p], use[p], **{f"widget held {p}": 1})
        for q, other in enumerate(PLACES):
            for m in range(3):
                if p == q or is_lane[m, p, q]:
                    most = np.inf if p == q else limit[m, p, q]
                    ends = {f"{names[m]} made {p}": -1, f"{names[m]} held {q}": 1}
                    column(0 if p == q else freight[m, p, q], most, **ends)
                    if p != q:
                        package.lane(names[m], place, other, int(freight[m, p, q]), capacity_t_per_a=int(most))
    rows = sorted({row for entries in columns for row in entries})
    matrix = np.zeros((len(rows), len(columns)))
    for number, entries in enumerate(columns):
        for row, value in entries.items():
            matrix[rows.index(row), number] = value
    wanted = np.array([use[int(row[-1])] if row.startswith("widget held") else 0 for row in rows], dtype=float)
    own = linprog(cost, A_eq=matrix, b_eq=wanted, bounds=list(zip([0] * len(upper), upper, strict=True)))
    result = plan(load_chain(package.write(tmp_path_factory.mktemp("net") / "net")), PLAIN, worth=False)
    assert result.objective_usd == pytest.approx(2 * own.fun, rel=1e-9)
