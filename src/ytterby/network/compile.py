"""From a chain to a network.

Only what can matter is compiled: an activity exists where its material is made today or may be made by the blocs that
plan; nodes and lanes exist where an activity, a lane or a use touches them; what can never flow is dropped. A process
without recipe, opex, capex, build time or life is no candidate and says what it lacks; nor is a mine without a stated
deposit.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from ytterby.chain.chain import Chain
from ytterby.errors import YtterbyError
from ytterby.network.activities import COLUMNS, Draft, add_activities
from ytterby.network.demand import demand_table, demand_years
from ytterby.network.figures import FigureBook, Money
from ytterby.network.lanes import NEAREST, make_lanes
from ytterby.network.network import Network
from ytterby.network.norms import Norms
from ytterby.network.plant import Plant, active_places, make_book, make_plant
from ytterby.network.regions import Regions, make_regions
from ytterby.network.routes import Routes, make_routes


def compile_network(
    chain: Chain,
    world: Chain,
    *,
    year: int | None = None,
    blocs: Sequence[str] = (),
    nearest: int = NEAREST,
    money_year: int | None = None,
) -> Network:
    """Compile a chain.

    Args:
        chain: the chain.
        world: the world tables (trade, distances).
        year: base year; default the package's.
        blocs: blocs or places that act as one region each and may build.
        nearest: see `ytterby.network.lanes`.
        money_year: year of the money; default the base year.

    Raises:
        UnknownNameError: a bloc is unknown.
        YtterbyError: the package has no recipes, or nothing in it is used.
    """
    base = int(year or chain.settings.get("base_year", 0) or 0)
    if not base:
        raise YtterbyError(f"{chain.name}: the package states no base_year; name a year")
    if chain.recipes.is_empty():
        raise YtterbyError(f"{chain.name}: table recipes is empty; a network needs what each process takes and gives")
    routes, book = make_routes(chain), make_book(chain, world, base)
    regions = make_regions(chain, base, blocs, active_places(chain, book, routes))
    norms = Norms(chain, regions, Money(chain, money_year or base))
    figures = FigureBook()
    plant = make_plant(chain, book, routes, regions)
    demand = demand_table(chain, book, routes, regions)
    if demand.is_empty():
        raise YtterbyError(f"{chain.name}: nothing is used: table demand has no quantity and no end product has output")
    draft, groups = Draft(), _groups(plant, figures)
    _leave_use(draft, routes, demand)
    add_activities(draft, routes, plant, regions, norms, figures, {(g[1], g[2]): g[0] for g in groups})
    lanes = _lanes(draft, chain, world, base, routes, plant, demand, regions, norms, figures, nearest)
    return _assemble(chain, base, money_year or base, regions, routes, draft, groups, lanes, demand, plant, figures)


def _groups(plant: Plant, figures: FigureBook) -> list[tuple[int, str, str, float, float, int]]:
    rows = []
    for number, ((material, region), figure) in enumerate(sorted(plant.capacity.items())):
        output = plant.output.get((material, region), 0.0)
        rows.append((number, material, region, figure.value, output, figures.add(figure)))
    return rows


def _leave_use(draft: Draft, routes: Routes, demand: pl.DataFrame) -> None:
    """Add the nodes at which products leave use."""
    for product, material in routes.used.select("product", "material").iter_rows():
        for region in demand.filter(pl.col("material") == product)["region"].unique().sort():
            draft.node(material, region, "made")


def _lanes(
    draft: Draft,
    chain: Chain,
    world: Chain,
    year: int,
    routes: Routes,
    plant: Plant,
    demand: pl.DataFrame,
    regions: Regions,
    norms: Norms,
    figures: FigureBook,
    nearest: int,
) -> pl.DataFrame:
    makers: dict[str, list[str]] = {}
    users: dict[str, dict[str, float]] = {}
    for material, region, side in draft.nodes:
        if side == "made":
            makers.setdefault(material, []).append(region)
        elif side == "held":
            users.setdefault(material, {})[region] = 0.0
    names = {number: key for key, number in draft.nodes.items()}
    for number, node, t in draft.flows:
        material, region, side = names[node]
        if t < 0 and side == "held":
            row = draft.activities[number]
            size = plant.capacity.get((str(row["material"]), str(row["region"])))
            users[material][region] += -t * (size.value if size else 0.0)
    for material, region, t in demand.select("material", "region", "t").iter_rows():
        users.setdefault(material, {})
        users[material][region] = users[material].get(region, 0.0) + t
        draft.node(material, region, "held")
    traded = routes.materials.filter(pl.col("is_traded"))["material_id"]
    lanes = make_lanes(
        chain,
        world,
        year,
        regions,
        norms,
        figures,
        makers=makers,
        users=users,
        traded=traded,
        nearest=nearest,
    )
    for material, a, b in lanes.select("material", "exporter", "importer").iter_rows():
        draft.node(material, a, "made")
        draft.node(material, b, "held")
    return lanes


ACTIVITIES = {
    "process_id": pl.String,
    "kind": pl.String,
    "stage": pl.String,
    "region": pl.String,
    "material": pl.String,
    "group": pl.Int32,
    "is_existing": pl.Boolean,
    "is_candidate": pl.Boolean,
    "missing": pl.String,
    **dict.fromkeys(COLUMNS.values(), pl.Float64),
    **{f"{parameter}_figure": pl.Int32 for parameter in COLUMNS},
}
GROUPS = {
    "group": pl.Int32,
    "material": pl.String,
    "region": pl.String,
    "capacity_t_per_a": pl.Float64,
    "output_t": pl.Float64,
    "figure": pl.Int32,
}


def _assemble(
    chain: Chain,
    year: int,
    money_year: int,
    regions: Regions,
    routes: Routes,
    draft: Draft,
    groups: list[tuple[int, str, str, float, float, int]],
    lanes: pl.DataFrame,
    demand: pl.DataFrame,
    plant: Plant,
    figures: FigureBook,
) -> Network:
    nodes = pl.DataFrame(
        [(n, region, material, side) for (material, region, side), n in draft.nodes.items()],
        schema={"node": pl.Int32, "region": pl.String, "material": pl.String, "side": pl.String},
        orient="row",
    )
    activities = pl.DataFrame(draft.activities, schema=ACTIVITIES).with_row_index("activity")
    held = [draft.node(m, r, "held") for m, r in demand.select("material", "region").iter_rows()]
    names = sorted({region for _, region, _ in draft.nodes})
    own = set(regions.blocs)
    contained = (
        chain.compositions.filter(pl.col("component").is_in(list(chain.components)))
        .group_by(pl.col("material_id"))
        .agg(pl.col("mass_fraction").sum().alias("contained"))
    )
    return Network(
        chain=chain,
        year=year,
        money_year=money_year,
        places=regions,
        materials=routes.materials.join(contained, on="material_id", how="left").with_columns(
            pl.col("contained").fill_null(0.0)
        ),
        regions=pl.DataFrame(
            [(name, regions.name(name), name in own) for name in names],
            schema={"region": pl.String, "name": pl.String, "is_own": pl.Boolean},
            orient="row",
        ),
        nodes=nodes,
        activities=activities,
        flows=pl.DataFrame(
            draft.flows, schema={"activity": pl.Int32, "node": pl.Int32, "t_per_t": pl.Float64}, orient="row"
        ),
        groups=pl.DataFrame(groups, schema=GROUPS, orient="row"),
        lanes=lanes,
        demand=demand.with_columns(pl.Series("node", held, dtype=pl.Int32)),
        demand_years=demand_years(chain, year, demand, regions),
        announced=plant.announced,
        used=routes.used,
        figure_list=tuple(figures.figures),
    )
