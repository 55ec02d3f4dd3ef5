"""Activities: every run of a process at a region where it exists or may be built, and what each takes and gives.

A candidate needs recipe, opex, capex, build time and life; a mine needs a stated deposit of its ore too, and a
process of a technology readiness below 8 a research programme whose variant it is (`ytterby.plan.research` holds it
back). What collects used parts exists wherever they arise, at the rate of its recipe; where the norms state a higher
attainable rate, the bloc may invest in collecting more, at the norm's cost for each tonne of used parts (`+` behind
the process).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from ytterby.chain.chain import Chain
from ytterby.network.figures import Figure, FigureBook
from ytterby.network.norms import Norms
from ytterby.network.plant import BUILT, Plant
from ytterby.network.regions import Regions, is_complete
from ytterby.network.routes import Routes

NEEDED = {"opex": "opex", "capex": "capex", "build_time": "build time", "life": "life"}
COLUMNS = {
    "opex": "opex_usd_per_t",
    "capex": "capex_usd_per_t_per_a",
    "build_time": "build_a",
    "life": "life_a",
    "labour": "labour_fte_per_kt",
}


Takes = list[tuple[str, float, str | None]]  # material, t per t, option


@dataclass
class Draft:
    """Rows in the making: nodes by (material, region, side), activities, flows (activity, node, t per t)."""

    nodes: dict[tuple[str, str, str], int] = field(default_factory=dict)
    activities: list[dict[str, object]] = field(default_factory=list)
    flows: list[tuple[int, int, float]] = field(default_factory=list)

    def node(self, material: str, region: str, side: str) -> int:
        """Return the number of a node, a new one where it is new."""
        return self.nodes.setdefault((material, region, side), len(self.nodes))


def add_activities(
    draft: Draft,
    routes: Routes,
    plant: Plant,
    regions: Regions,
    norms: Norms,
    figures: FigureBook,
    groups: Mapping[tuple[str, str], int],
) -> None:
    """Add every run of a process at a region where it exists or may be built, with its options."""
    announced = {
        (material, region)
        for material, region, status in plant.announced.select("material", "region", "status").iter_rows()
        if not (is_complete(regions.chain) and status == BUILT and (material, region) in plant.processes)
    }
    flows: dict[str, Takes] = {}
    for name, *flow in routes.flows.select("process_id", "material_id", "t_per_t", "option").iter_rows():
        flows.setdefault(name, []).append((flow[0], flow[1], flow[2]))
    ground: dict[str, set[str]] = {}
    for process, deposit in routes.deposits.iter_rows():
        ground.setdefault(process, set()).add(deposit)
    has_ore = _has_ore(norms.chain, regions)
    leaving = {region for _, region, side in draft.nodes if side == "made"}
    columns = ("process_id", "stage", "main", "is_collection", "is_ready")
    variants = set(norms.chain.research["variant_process_id"])
    for process, stage, main, is_collection, is_ready in routes.processes.select(columns).iter_rows():
        places = {r for (m, r), names in plant.processes.items() if m == main and process in names}
        places |= leaving if is_collection else set()
        places |= {r for m, r in announced if m == main}
        for region in sorted(places | set(regions.blocs)):
            costs, missing = _costs(process, stage, region, norms, figures)
            is_own = region in regions.blocs
            if process in ground and not {(m, region) for m in (*ground[process], main)} & has_ore:
                missing.append("a stated deposit")
            if not is_ready and process not in variants:
                missing.append("a programme that makes it ready")
            is_existing = process in plant.processes.get((main, region), ()) or (main, region) in announced
            is_existing |= is_collection and region in leaving
            is_candidate = is_own and not missing
            if not is_existing and not is_candidate:
                continue
            row: dict[str, object] = {
                "process_id": process,
                "kind": "run",
                "stage": stage,
                "region": region,
                "material": main,
                "group": groups.get((main, region)),
                "is_existing": is_existing,
                "is_candidate": is_candidate,
                "missing": ", ".join(missing) or None,
                **costs,
            }
            _add(draft, row, flows[process])
            if is_collection and is_candidate and region in leaving:
                _collect_more(draft, row, flows[process], norms, figures)


def _has_ore(chain: Chain, regions: Regions) -> set[tuple[str, str]]:
    """Return ore and region of every deposit that is stated."""
    ore = pl.coalesce("ore_id", "material_id").alias("ore")
    rows = chain.deposits.select(ore, "place_id").unique().iter_rows()
    return {(material, regions.of(place)) for material, place in rows}


def _costs(
    process: str, stage: str, region: str, norms: Norms, figures: FigureBook
) -> tuple[dict[str, object], list[str]]:
    """Return the figures of a process at a region and the names of those that it lacks."""
    costs: dict[str, object] = {}
    missing = []
    for parameter, column in COLUMNS.items():
        figure = norms.parameter(process, parameter, region)
        factor = norms.of(f"{parameter}_place_factor", stage=stage, place=region) if parameter in NEEDED else None
        if figure is not None and factor is not None:
            confidence = max(figure.confidence, factor.confidence, key=_ORDER.index)
            figure = figure.times(factor.value, confidence=confidence)
        if figure is None:
            costs |= {column: None, f"{parameter}_figure": None}
            if parameter in NEEDED:
                missing.append(NEEDED[parameter])
        else:
            costs |= {column: figure.value, f"{parameter}_figure": figures.add(figure)}
    return costs, missing


_ORDER = ("measured", "reported", "estimated", "assumed")


def _collect_more(draft: Draft, row: dict[str, object], flows: Takes, norms: Norms, figures: FigureBook) -> None:
    """Add a candidate that collects at the attainable rate: less of the used part for each tonne of scrap."""
    process, region = str(row["process_id"]), str(row["region"])
    now = norms.parameter(process, "recovery", region)
    most = norms.of("collection_rate", place=region, subject="attainable")
    cost = norms.of("collection_cost", stage=str(row["stage"]), place=region)
    if now is None or most is None or cost is None or most.value <= now.value:
        return
    better = [(m, t * now.value / most.value if t < 0 else t, option) for m, t, option in flows]
    taken = -sum(t for _, t, _ in better if t < 0)
    figure = Figure(
        "opex",
        f"{process} at the attainable rate",
        float(str(row["opex_usd_per_t"])) + cost.value * taken,
        "USD/t",
        "assumed",
        cost.source_id,
        note="cost of collection for each tonne of used parts, beyond the process",
    )
    more = {
        **row,
        "process_id": f"{process}+",
        "group": None,
        "is_existing": False,
        "opex_usd_per_t": figure.value,
        "opex_figure": figures.add(figure),
    }
    _add(draft, more, better)


def _add(draft: Draft, row: dict[str, object], flows: Takes) -> None:
    draft.activities.append(row)
    process, stage, region, main = (str(row[key]) for key in ("process_id", "stage", "region", "material"))
    _flows(draft, len(draft.activities) - 1, process, stage, region, main, flows)


def _flows(draft: Draft, number: int, process: str, stage: str, region: str, main: str, rows: Takes) -> None:
    options: dict[tuple[str, bool], list[tuple[str, float]]] = {}
    for material, t, option in rows:
        if option is None:
            draft.flows.append((number, draft.node(material, region, "held" if t < 0 else "made"), t))
        else:
            options.setdefault((option, t > 0), []).append((material, t))
    for (option, is_out), choices in options.items():
        slot = draft.node(f"{process} {option} {'out' if is_out else 'in'}", region, "slot")
        draft.flows.append((number, slot, 1.0 if is_out else -1.0))
        for material, t in choices:
            choice = len(draft.activities)
            draft.activities.append(
                {
                    "process_id": process,
                    "kind": "choice",
                    "stage": stage,
                    "region": region,
                    "material": main,
                    "group": None,
                    "is_existing": True,
                    "is_candidate": False,
                    "missing": None,
                }
            )
            draft.flows.append((choice, slot, -1.0 if is_out else 1.0))
            draft.flows.append((choice, draft.node(material, region, "made" if is_out else "held"), t))
