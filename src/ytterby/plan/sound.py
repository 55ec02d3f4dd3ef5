"""What no plan can mend is said in a sentence that names the row: matter from nothing, use that no route serves.

A recipe of a tracked package that gives more of a component than it takes is refused, and so is a loop of processes of
an untracked one that ends with more than it began with: the programme max sum(A x), A x >= 0, sum(x) <= 1 over recipes
that take only what is balanced has a gain above 0. Use is served where, from what is dug, held or given back, running
plant and lanes reach it; that is a walk, not a solve. A budget of 0 and occupations without a figure are named.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.recipes import balance
from ytterby.errors import YtterbyError
from ytterby.network import Network
from ytterby.network.routes import UNBALANCED, make_routes
from ytterby.plan.programme import Programme
from ytterby.solve import Model

CLOSE = 1e-6
GAIN = 1e-7
Flags = npt.NDArray[np.bool_]


def refuse_gains(chain: Chain) -> None:
    """Refuse a chain in which matter comes from nothing.

    Raises:
        YtterbyError: a recipe or a loop gains; it is named.
    """
    if chain.is_tracked and chain.components:
        _refuse_recipes(chain)
    else:
        _refuse_loops(chain)


def _refuse_recipes(chain: Chain) -> None:
    table = balance(chain.recipes, chain.compositions, sorted(chain.components))
    torn = table.filter((pl.col("out") - pl.col("into") > CLOSE * pl.col("out")) & (pl.col("into") > 0))
    for process, component, into, out in torn.select("process_id", "component", "into", "out").iter_rows():
        raise YtterbyError(
            f"{chain.name}: table recipes, process {process} gives {out:.6g} t of {component} and takes {into:.6g} t a "
            "tonne of main output; mend t_per_t of a row, or compositions"
        )


def _refuse_loops(chain: Chain) -> None:
    flows = make_routes(chain).flows
    kinds = chain.materials.filter(pl.col("kind").is_in(UNBALANCED))["material_id"]
    from_outside = chain.recipes.filter((pl.col("direction") == "in") & pl.col("material_id").is_in(kinds.implode()))
    takes = flows.filter(pl.col("t_per_t") < 0)["process_id"]
    rows = flows.filter(
        pl.col("process_id").is_in(takes.implode()) & ~pl.col("process_id").is_in(from_outside["process_id"].implode())
    )
    if rows.is_empty():
        return
    processes = rows["process_id"].unique().sort()
    slots = rows.filter(pl.col("option").is_not_null()).select("process_id", "option", pl.col("t_per_t") > 0).unique()
    materials = rows["material_id"].unique().sort()
    column = {name: number for number, name in enumerate(processes)}
    row = {name: number for number, name in enumerate(materials)}
    slot = {key: number for number, key in enumerate(slots.sort(pl.all()).iter_rows())}
    model = Model()
    run = model.columns("run", len(column))
    choices = rows.filter(pl.col("option").is_not_null())
    choice = model.columns("choice", choices.height)
    net = model.rows("net", len(row), lower=0.0)
    joint = model.rows("slot", len(slot), lower=0.0, upper=0.0)
    whole = model.rows("whole", 1, upper=1.0)
    cost = np.zeros(len(column) + choices.height)
    for name, material, t in (
        rows.filter(pl.col("option").is_null()).select("process_id", "material_id", "t_per_t").iter_rows()
    ):
        model.entries(net.index[row[material]], run.index[column[name]], t)
        cost[column[name]] -= t
    names = choices.select("process_id", "option", "material_id", "t_per_t").iter_rows()
    for number, (name, option, material, t) in enumerate(names):
        model.entries(net.index[row[material]], choice.index[number], t)
        model.entries(joint.index[slot[name, option, t > 0]], choice.index[number], -1.0)
        cost[len(column) + number] -= t
    for (name, _, _), number in slot.items():
        model.entries(joint.index[number], run.index[column[name]], 1.0)
    model.entries(whole.index[0], run.index, np.ones(run.count))
    session = model.open()
    session.change_costs(np.arange(cost.size), cost)
    solution = session.solve()
    if solution.objective < -GAIN:
        amounts = solution.value(run)
        loop = ", ".join(name for name, x in zip(processes, amounts, strict=True) if x > GAIN)
        raise YtterbyError(
            f"{chain.name}: table recipes, the loop of {loop} gives more than it takes; mend t_per_t of one of its rows"
        )


def name_unserved(programme: Programme) -> None:
    """Name the use that no route serves, the row of table demand and why."""
    network = programme.network
    fed = _reached(programme)
    at = network.demand["node"].to_numpy()
    lost = network.demand.filter(pl.Series(~fed[at]))
    reasons: dict[tuple[str, str], list[str]] = {}
    for material, region in lost.select("material", "region").unique(maintain_order=True).iter_rows():
        reasons.setdefault((material, _why(network, fed, material)), []).append(network.places.name(region))
    for (material, why), places in reasons.items():
        where = ", ".join(places)
        said = f"No route serves the use of {material} in {where} (table demand): {why}; it is not met."
        programme.note_once(said)


def _reached(programme: Programme) -> Flags:
    """Return which nodes matter can reach, from activities that take nothing, held stock and old scrap."""
    network = programme.network
    technology, lanes = network.technology.tocoo(), network.lanes
    takes = technology.data < 0
    inputs = np.bincount(technology.col[takes], minlength=network.activities.height)
    runs = _may_run(programme)
    fed = np.zeros(network.nodes.height, dtype=bool)
    for material, region in programme.extra["scrap"].select("material", "region").unique().iter_rows():
        if (material, region, "made") in network.node_of:
            fed[network.node_of[material, region, "made"]] = True
    stock = programme.columns.get("stock")
    if stock is not None and stock.labels is not None:
        fed[stock.labels["node"].to_numpy()] = True
    ends = network.incidence.tocoo()
    start, end = np.zeros(lanes.height, dtype=np.int64), np.zeros(lanes.height, dtype=np.int64)
    start[ends.col[ends.data < 0]] = ends.row[ends.data < 0]
    end[ends.col[ends.data > 0]] = ends.row[ends.data > 0]
    is_open = (lanes["capacity_t_per_a"].fill_null(np.inf) > 0).to_numpy()
    while True:
        before = int(fed.sum())
        have = np.bincount(technology.col[takes], weights=fed[technology.row[takes]], minlength=inputs.size)
        able = runs & (have >= inputs)
        fed[technology.row[~takes & able[technology.col]]] = True
        fed[end[is_open & fed[start]]] = True
        if int(fed.sum()) == before:
            return fed


def _may_run(programme: Programme) -> Flags:
    """Return which activities have plant, may be built, or need none."""
    network = programme.network
    some = network.groups.filter(pl.col("capacity_t_per_a") > 0)["group"]
    later = {
        *network.announced.filter(pl.col("t_per_a") > 0).select("material", "region").iter_rows(),
        *programme.options.capacity,
    }
    held = network.activities.select(
        (pl.col("is_candidate") | pl.col("group").is_null() | pl.col("group").is_in(some.implode())).alias("held")
    )["held"].to_numpy()
    keys = network.activities.select("material", "region").iter_rows()
    result: Flags = held | np.array([key in later for key in keys], dtype=bool)
    return result


def _why(network: Network, fed: Flags, material: str) -> str:
    made = network.nodes.filter((pl.col("material") == material) & (pl.col("side") == "made"))
    able = made.filter(pl.Series(fed[made["node"].to_numpy()]))["region"].sort().to_list()
    if able:
        return f"no open lane leads there from {', '.join(able[:3])} (table lanes)"
    makers = network.activities.filter((pl.col("material") == material) & (pl.col("kind") == "run"))
    if makers.is_empty():
        return "no process makes it where plant is stated (tables recipes and facility_output)"
    needs = (
        network.flows.filter((pl.col("t_per_t") < 0) & pl.col("activity").is_in(makers["activity"].implode()))
        .join(network.nodes, on="node")
        .filter(pl.col("side") == "held")
    )
    short = needs.filter(pl.Series(~fed[needs["node"].to_numpy()], dtype=pl.Boolean))["material"].unique().sort()
    if short.is_empty():
        return "plant that makes it has a capacity of 0 (table facility_output)"
    return f"its makers lack {', '.join(short)}"


def name_inferred(programme: Programme) -> None:
    """Name the materials of a package taken at its word whose capacity nobody states."""
    network = programme.network
    if not network.is_stated:
        return
    stated = {
        f.subject for f in network.figure_list if f.what == "capacity" and not f.note.startswith("what its users")
    }
    names = [
        material
        for material in network.groups["material"].unique().sort()
        if not any(subject.startswith(f"{material} in ") for subject in stated)
    ]
    if names:
        programme.note_once(
            f"No capacity of {', '.join(names)} is stated (table facility_output or stage_output): what its users at "
            "the place can take stands in."
        )


def name_budget(programme: Programme) -> None:
    """Say it where no money may be committed at all."""
    options, bloc = programme.options, programme.options.blocs[0]
    rows = programme.rows.get("budget")
    if rows is None or rows.labels is None:
        return
    stated = programme.network.chain.budgets.filter(pl.col("bloc_id") == bloc)["musd"]
    where = "option budget" if options.budget_musd is not None else "table budgets"
    if options.budget_musd == 0 or (options.budget_musd is None and len(stated) and not stated.to_numpy().any()):
        programme.note_once(f"The budget of {bloc} is 0 ({where}): no money may be committed to new plant.")
