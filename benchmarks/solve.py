"""From arrays to a filled HiGHS and its answers: `ytterby.solve` beside HiGHS by hand, linopy, Pyomo and PyPSA.

    python benchmarks/solve.py [--reference-python PATH]

The case is a random capacity expansion: places, 4 metals of 8 stages, 12 partners each, years; what to run, build and
ship. PATH is a Python with linopy, pyomo and pypsa beside highspy (this one, unless given); what it lacks is left out.
Each tool runs in a fresh interpreter, imports apart, on one thread. Times are processor seconds, which other work on
the machine blurs less; memory is what the process grew by at its peak, the arrays given to the tool included.

Budgets at 100,000 columns: filling under 5 % of the solve; memory under 1.5 times that of HiGHS filled by hand from
the same arrays; a warm solve at least 10 times quicker than a cold one (medians); everywhere the same optimum to 1e-6.
Exits 1 where one is broken. Memory needs Linux; the rest needs the core install.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

METALS, STAGES, PARTNERS = 4, 8, 12
SIZES = {"large": (23, 10), "small": (14, 4)}  # places, years: 103,040 and 25,088 columns
REPEATS = 5
SCENARIOS = 9
TOOLS = ("by hand", "ytterby", "linopy", "pyomo", "pypsa")


@dataclass(frozen=True)
class Case:
    """Arrays of one random network; axes are place, metal, stage and, last, year where there is one."""

    places: int
    years: int
    origin: np.ndarray
    destination: np.ndarray
    run_cost: np.ndarray
    build_cost: np.ndarray  # a year of service
    ship_cost: np.ndarray
    need: np.ndarray
    capacity: np.ndarray
    demand: np.ndarray

    @property
    def nodes(self) -> int:
        """Place x metal x stage x year."""
        return self.places * METALS * STAGES * self.years


def draw(size: str) -> Case:
    """Draw a network; every place may build everything, so it can always be served."""
    places, years = SIZES[size]
    rng = np.random.default_rng(20)
    others = np.argsort(rng.random((places, places)) + 9 * np.eye(places), axis=1)[:, : PARTNERS - 1]
    grid = (places, METALS, STAGES)
    demand = rng.lognormal(3, 1, (places, METALS, 1)) * 1.04 ** np.arange(years)
    capacity = rng.lognormal(3, 1.2, grid) * (rng.random(grid) < 0.5)
    lanes = places * PARTNERS
    ship_cost = np.where(np.arange(lanes) % PARTNERS == 0, 0.0, rng.uniform(0.5, 4, lanes))
    return Case(
        places=places,
        years=years,
        origin=np.repeat(np.arange(places), PARTNERS),
        destination=np.column_stack([np.arange(places), others]).ravel(),
        run_cost=rng.uniform(5, 20, grid),
        build_cost=rng.uniform(2, 9, grid),
        ship_cost=ship_cost[:, None, None] * rng.uniform(0.5, 1.5, (METALS, STAGES)),
        need=rng.uniform(1.0, 1.3, (METALS, STAGES)),
        capacity=capacity,
        demand=demand,
    )


@dataclass(frozen=True)
class Flat:
    """The case as vectors and entries: run, build and ship; made, held and capacity."""

    cost: tuple[np.ndarray, np.ndarray, np.ndarray]
    equal: np.ndarray
    capacity: np.ndarray
    row: list[np.ndarray]
    column: list[np.ndarray]
    value: list[np.ndarray]


def flatten(case: Case) -> Flat:
    """Return the vectors and entries; rows made, held and capacity each have one a node, lanes come after two nodes."""
    count, years, lanes = case.nodes, case.years, case.origin.size
    node = np.arange(count).reshape(case.places, METALS, STAGES, years)
    lane = 2 * count + np.arange(lanes * METALS * STAGES * years)
    need = np.broadcast_to(case.need[:, 1:, None], node[:, :, 1:].shape).ravel()
    built, used = (node[..., order].ravel() for order in np.tril_indices(years)[::-1])
    served = np.zeros(node.shape)
    served[:, :, -1] = case.demand
    remaining = case.build_cost[..., None] * np.arange(years, 0, -1)
    return Flat(
        cost=(
            np.repeat(case.run_cost.ravel(), years),
            remaining.ravel(),
            np.repeat(case.ship_cost.ravel(), years),
        ),
        equal=np.concatenate([np.zeros(count), served.ravel()]),
        capacity=np.repeat(case.capacity.ravel(), years),
        row=[
            node.ravel(),
            node[case.origin].ravel(),
            count + node[case.destination].ravel(),
            count + node[:, :, :-1].ravel(),
            2 * count + node.ravel(),
            2 * count + used,
        ],
        column=[node.ravel(), lane, lane, node[:, :, 1:].ravel(), node.ravel(), count + built],
        value=[np.ones(count), -np.ones(lane.size), np.ones(lane.size), -need, np.ones(count), -np.ones(built.size)],
    )


# One tool each: from the case to a filled HiGHS


def by_hand(case: Case, flat: Flat) -> Any:
    """Compress with scipy and hand the arrays to highspy."""
    from highspy import Highs
    from scipy.sparse import coo_array

    count = case.nodes
    given = [np.concatenate(part) for part in (flat.value, flat.row, flat.column)]
    cost = np.concatenate(flat.cost)
    matrix = coo_array((given[0], (given[1], given[2])), shape=(3 * count, cost.size)).tocsc()
    infinite = np.full(count, np.inf)
    highs = Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    highs.passModel(
        cost.size, 3 * count, matrix.nnz, 1, 1, 0.0, cost, np.zeros(cost.size), np.full(cost.size, np.inf),
        np.concatenate([flat.equal, -infinite]), np.concatenate([flat.equal, flat.capacity]),
        matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32), matrix.data, np.zeros(cost.size, np.int32),
    )  # fmt: skip
    return highs


def in_ytterby(case: Case, flat: Flat) -> Any:
    """Add blocks and entries, then open."""
    from ytterby.solve import Model

    model = Model()
    for name, cost in zip(("run", "build", "ship"), flat.cost, strict=True):
        model.columns(name, cost.size, cost=cost)
    model.rows("node", flat.equal.size, lower=flat.equal, upper=flat.equal)
    model.rows("capacity", case.nodes, upper=flat.capacity)
    for entries in zip(flat.row, flat.column, flat.value, strict=True):
        model.entries(*entries)
    return model.open()


def in_linopy(case: Case, flat: Flat) -> Any:
    """Write it over named dimensions and hand it over directly."""
    import linopy
    import xarray as xr

    place, metal, stage, year = (range(n) for n in (case.places, METALS, STAGES, case.years))
    grid = {"place": place, "metal": metal, "stage": stage}
    model = linopy.Model()
    nodes = {**grid, "year": year}
    lanes = {"lane": range(case.origin.size), "metal": metal, "stage": stage, "year": year}
    run = model.add_variables(lower=0, coords=list(nodes.values()), dims=list(nodes), name="run")
    build = model.add_variables(lower=0, coords=list(nodes.values()), dims=list(nodes), name="build")
    ship = model.add_variables(lower=0, coords=list(lanes.values()), dims=list(lanes), name="ship")
    ends = [xr.DataArray(at, dims="lane", name="place") for at in (case.origin, case.destination)]
    out, into = ((1 * ship).groupby(end).sum() for end in ends)
    need = xr.DataArray(case.need, coords={"metal": metal, "stage": stage})
    used = (need * run).shift(stage=-1)
    served = np.zeros((case.places, METALS, STAGES, case.years))
    served[:, :, -1] = case.demand
    model.add_constraints(run - out == 0, name="made")
    model.add_constraints(into - used == xr.DataArray(served, coords=nodes), name="held")
    model.add_constraints(run - build.cumsum("year") <= xr.DataArray(case.capacity, coords=grid), name="capacity")
    left = xr.DataArray(np.arange(case.years, 0, -1), coords={"year": year})
    lane_cost = xr.DataArray(case.ship_cost, coords={key: lanes[key] for key in ("lane", "metal", "stage")})
    model.add_objective(
        (run * xr.DataArray(case.run_cost, coords=grid)).sum()
        + (build * (xr.DataArray(case.build_cost, coords=grid) * left)).sum()
        + (ship * lane_cost).sum()
    )
    return model.to_highspy()


def in_pyomo(case: Case, flat: Flat) -> Any:
    """Write one constraint a row and hand it to the persistent interface."""
    import pyomo.environ as po
    from pyomo.contrib.appsi.solvers import Highs

    model = po.ConcreteModel()
    cost = np.concatenate(flat.cost).tolist()
    model.x = po.Var(range(len(cost)), within=po.NonNegativeReals)
    terms: list[list[tuple[float, int]]] = [[] for _ in range(3 * case.nodes)]
    for rows, columns, values in zip(flat.row, flat.column, flat.value, strict=True):
        for row, column, value in zip(rows.tolist(), columns.tolist(), values.tolist(), strict=True):
            terms[row].append((value, column))
    equal, capacity, first = flat.equal.tolist(), flat.capacity.tolist(), flat.equal.size

    def rule(m: Any, row: int) -> Any:
        body = sum(value * m.x[column] for value, column in terms[row])
        return body == equal[row] if row < first else body <= capacity[row - first]

    model.rows = po.Constraint(range(len(terms)), rule=rule)
    model.cost = po.Objective(expr=sum(c * model.x[at] for at, c in enumerate(cost) if c))
    solver = Highs()
    solver.highs_options = {"output_flag": False}
    solver.set_instance(model)
    return solver._solver_model


def in_pypsa(case: Case, flat: Flat) -> Any:
    """Make buses, links and generators of it, built in investment periods, and write its linopy model."""
    import pandas as pd
    import pypsa

    periods = list(range(2030, 2030 + case.years))
    network = pypsa.Network()
    network.snapshots = pd.MultiIndex.from_product([periods, [0]], names=["period", "timestep"])
    network.investment_periods = periods
    place, metal, stage = (at.ravel() for at in np.indices((case.places, METALS, STAGES)))
    keys = np.array([f"{p}-{m}-{s}" for p, m, s in zip(place, metal, stage, strict=True)]).reshape(case.capacity.shape)
    made, held = np.char.add("made-", keys), np.char.add("held-", keys)
    network.add("Bus", made.ravel())
    network.add("Bus", held.ravel())
    lane = np.arange(case.origin.size)[:, None, None]
    at, m, s = (x.ravel() for x in np.broadcast_arrays(lane, np.arange(METALS)[:, None], np.arange(STAGES)))
    names = np.array([f"ship-{a}-{b}-{c}" for a, b, c in zip(at, m, s, strict=True)])
    ends = {"bus0": made[case.origin[at], m, s], "bus1": held[case.destination[at], m, s]}
    network.add("Link", names, **ends, p_nom=1e6, marginal_cost=case.ship_cost.ravel())
    for first in (True, False):
        part = np.s_[:, :, :1] if first else np.s_[:, :, 1:]
        use = 1.0 if first else np.broadcast_to(case.need, case.capacity.shape)[part].ravel()
        shared: dict[str, Any] = {"marginal_cost": case.run_cost[part].ravel() / use}
        if first:
            shared["bus"] = made[part].ravel()
        else:
            shared |= {"bus0": held[:, :, :-1].ravel(), "bus1": made[part].ravel(), "efficiency": 1 / use}
        kind, label = ("Generator" if first else "Link"), keys[part].ravel()
        stands = case.capacity[part].ravel() * use
        network.add(kind, np.char.add("old-", label), **shared, p_nom=stands, build_year=periods[0], lifetime=99)
        for year in periods:
            price = case.build_cost[part].ravel() / use
            network.add(kind, np.char.add(f"new-{year}-", label), **shared, p_nom_extendable=True, capital_cost=price,
                        build_year=year, lifetime=99)  # fmt: skip
    users = held[:, :, -1].ravel()
    network.add("Load", users, bus=users)
    network.c["Load"].dynamic["p_set"] = pd.DataFrame(
        case.demand.reshape(-1, case.years).T, index=network.snapshots, columns=users
    )
    network.optimize.create_model(multi_investment_periods=True)
    return network.model.to_highspy()


MAKERS = dict(zip(TOOLS, (by_hand, in_ytterby, in_linopy, in_pyomo, in_pypsa), strict=True))
IMPORTS = {
    "by hand": "import highspy, scipy.sparse",
    "ytterby": "import highspy, scipy.sparse, ytterby.solve",
    "linopy": "import linopy",
    "pyomo": "import pyomo.environ, pyomo.contrib.appsi.solvers",
    "pypsa": "import pypsa",
}


# Inside the fresh interpreter


def resident(field: str) -> float:
    """Return VmRSS or VmHWM of this process, MB; NaN where the system does not tell."""
    try:
        with open("/proc/self/status", encoding="ascii") as stream:
            return next(float(line.split()[1]) for line in stream if line.startswith(field)) / 1024
    except OSError:
        return float("nan")


def work(tool: str, size: str, solve: bool, repeats: int) -> dict[str, Any]:
    """Measure one tool at one size."""
    import importlib

    for module in IMPORTS[tool].removeprefix("import ").split(", "):
        importlib.import_module(module)
    before = resident("VmRSS")
    case = draw(size)
    flat = flatten(case)
    start = time.process_time()
    made = MAKERS[tool](case, flat)
    seconds = [time.process_time() - start]
    memory = resident("VmHWM") - before
    for _ in range(repeats - 1):
        start = time.process_time()
        made = MAKERS[tool](case, flat)
        seconds.append(time.process_time() - start)
    result: dict[str, Any] = {"fill": statistics.median(seconds), "memory": memory}
    highs = made.engine.highs if tool == "ytterby" else made
    result |= {"columns": highs.getNumCol(), "rows": highs.getNumRow()}
    if solve and tool == "ytterby":
        result |= again(made, case)
    elif solve:
        highs.setOptionValue("output_flag", False)
        start = time.process_time()
        highs.run()
        result |= {"solve": time.process_time() - start, "objective": highs.getInfo().objective_function_value}
    return result


def again(session: Any, case: Case) -> dict[str, Any]:
    """Solve, then scenarios in which a place loses a third of its plant of one metal: warm, and one of them cold."""
    start = time.process_time()
    solution = session.solve()
    cold = [time.process_time() - start]
    rows = session.model.row_blocks[1]
    grid = np.arange(rows.count).reshape(case.places, METALS, STAGES, case.years)
    rng = np.random.default_rng(4)
    standing = np.broadcast_to(case.capacity[..., None], grid.shape)
    warm, stays, iterations = [], 0, []
    for scenario in range(SCENARIOS):
        hit = grid[rng.integers(case.places), rng.integers(METALS)].ravel()
        session.reset()
        start = time.process_time()
        session.change_row_bounds(rows.start + hit, upper=standing.ravel()[hit] * 2 / 3)
        found = session.solve(warm="base")
        warm.append(time.process_time() - start)
        stays += found.stayed
        iterations.append(found.iterations)
        if scenario == 0:
            start = time.process_time()
            check = session.solve()
            cold.append(time.process_time() - start)
            if abs(check.objective - found.objective) > 1e-6 * abs(check.objective):
                raise SystemExit(f"warm {found.objective} is not cold {check.objective}")
    return {
        "solve": cold[0],
        "objective": solution.objective,
        "warm": statistics.median(warm),
        "cold": statistics.median(cold),
        "stays": stays,
        "iterations": statistics.median(iterations),
    }


# Outside


def measure(python: str, tool: str, size: str, *, solve: bool, repeats: int = 1) -> dict[str, Any] | None:
    """Measure in a fresh interpreter; None where the tool is not there."""
    if subprocess.run([python, "-c", IMPORTS[tool]], capture_output=True).returncode:
        return None
    arguments = ["--tool", tool, "--size", size, "--repeats", str(repeats), *(["--solve"] if solve else [])]
    done = subprocess.run([python, "-W", "ignore", __file__, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{tool} at size {size} failed:\n{done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def compare(python: str, size: str, tools: tuple[str, ...], *, solve: bool) -> tuple[dict[str, Any], bool]:
    """Print one table of tools at one size; return our figures and whether all found one optimum."""
    print(f"\n{'tool':10} {'columns':>9} {'fill s':>8} {'x ours':>7} {'peak MB':>8} {'x ours':>7} {'objective':>16}")
    ours, same = {}, True
    for tool in tools:
        own = tool in ("by hand", "ytterby")
        result = measure(sys.executable if own else python, tool, size, solve=solve, repeats=REPEATS if own else 1)
        if result is None:
            print(f"{tool:10} not installed, left out")
            continue
        ours = ours or result
        times, memory = result["fill"] / ours["fill"], result["memory"] / ours["memory"]
        found = result.get("objective")
        line = (
            f"{tool:10} {result['columns']:9,} {result['fill']:8.3f} {times:7.1f} {result['memory']:8.0f} {memory:7.2f}"
        )
        print(line + (f" {found:16.4f}" if found is not None else ""), flush=True)
        if found is not None:
            same &= abs(found - ours["objective"]) <= 1e-6 * abs(ours["objective"])
        ours.setdefault("others", {})[tool] = result
    return ours, same


def main(python: str) -> int:
    """Measure everything and print it; return the exit code."""
    _, same = compare(python, "small", ("ytterby", "by hand", "linopy", "pyomo", "pypsa"), solve=True)
    print("one optimum to 1e-6" if same else "the optima differ  BROKEN")
    large = measure(sys.executable, "ytterby", "large", solve=True, repeats=REPEATS)
    ours, _ = compare(python, "large", ("ytterby", "by hand", "linopy"), solve=False)
    if large is None:
        raise SystemExit("ytterby is not installed here")
    share = large["fill"] / large["solve"]
    memory = ours["memory"] / ours["others"]["by hand"]["memory"]
    faster = large["cold"] / large["warm"]
    print(
        f"\nsolve {large['solve']:.2f} s; cold again {large['cold']:.2f} s; warm from the base {large['warm']:.3f} s, ",
        end="",
    )
    print(f"{large['iterations']:.0f} iterations; {large['stays']} of {SCENARIOS} scenarios needed no solve")
    broken = not same
    for words, figure, over in (
        (f"filling is {100 * share:.2f} % of the solve, budget 5 %", share, share > 0.05),
        (f"memory {memory:.2f} times HiGHS filled by hand, budget 1.5", memory, memory > 1.5),
        (f"warm {faster:.0f} times quicker than cold, budget 10", faster, faster < 10),
    ):
        print(words + ("  OVER" if over else ""))
        broken |= over or figure != figure
    return int(broken)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference-python", default=sys.executable)
    parser.add_argument("--tool", choices=TOOLS, help=argparse.SUPPRESS)
    parser.add_argument("--size", choices=SIZES, help=argparse.SUPPRESS)
    parser.add_argument("--solve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--repeats", type=int, default=1, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.tool:
        print(json.dumps(work(given.tool, given.size, given.solve, given.repeats)))
        sys.exit(0)
    sys.exit(main(given.reference_python))
