"""From a network and its base year to a system: plants, what leaves use, final uses, their inputs and the arcs between.

Each process that runs at a region is a node, as is each final use there. What several make at one region is one pool,
from which each lane draws in proportion; what a lane brings is shared by use. Lanes without a flow in the base year are
arcs too: suppliers to whom orders may shift. Plant that stands idle in the base year stays idle. Cover is the stated
days of a material (table `stocks`), else the assumed days of the call. Transit is rounded to whole months.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ytterby.errors import YtterbyError
from ytterby.network import Network
from ytterby.shock.base import BaseFlows
from ytterby.shock.rules import DAYS_PER_MONTH
from ytterby.shock.system import Array, Ints, Parts, System, assemble
from ytterby.tonnage import gross_of

SMALLEST_T = 1e-3
SPARE = 2e-5  # room for the solver's rounding
ROUNDS = 60
NODES = {
    "kind": pl.String,
    "process_id": pl.String,
    "material": pl.String,
    "region": pl.String,
    "stage": pl.String,
    "end_use": pl.String,
    "group": pl.Int64,
    "base_t": pl.Float64,
    "capacity_t": pl.Float64,
}


@dataclass(frozen=True, eq=False)
class Model:
    """A system with its labels.

    arcs: material, exporter, importer, in the system's order
    materials: the kinds of slots, in order
    assumed: materials whose cover is assumed
    """

    network: Network
    system: System
    arcs: pl.DataFrame
    materials: tuple[str, ...]
    assumed: tuple[str, ...]
    contained: Array
    notes: tuple[str, ...]


@dataclass
class _Draft:
    nodes: list[tuple[object, ...]]
    slots: list[tuple[int, str, str, float, float]]  # node, material, region, need, t for one unit
    goods: list[tuple[int, str, str, float, bool]]  # node, material, region, t per t, main


def make_model(network: Network, base: BaseFlows, *, cover_days: float, priority: Array | None = None) -> Model:
    """Return the model of a network whose base year is solved.

    Raises:
        YtterbyError: cover is negative, or nothing is used.
    """
    if not np.isfinite(cover_days) or cover_days < 0:
        raise YtterbyError(f"days of cover must be 0 or more, not {cover_days:g}")
    draft = _Draft([], [], [])
    _plants(network, base, draft)
    _sources(network, base, draft)
    _uses(network, base, draft)
    nodes = pl.DataFrame(draft.nodes, schema=NODES, orient="row")
    arcs = _arcs(network, base, draft, nodes)
    materials = tuple(sorted({slot[1] for slot in draft.slots}))
    stated = _cover(network)
    parts = _parts(network, draft, nodes, arcs, materials, stated, cover_days)
    system = assemble(parts, nodes)
    labels = arcs.select("material", "exporter", "importer")[system.arc_order.tolist()]
    metal = dict(network.materials.select("material_id", "contained").iter_rows())
    contained = np.array([metal.get(m) or 1.0 for m in system.nodes["material"]])
    assumed = tuple(m for m in materials if m not in stated)
    return Model(network, system, labels, materials, assumed, contained, base.notes)


def _plants(network: Network, base: BaseFlows, draft: _Draft) -> None:
    """Add the processes that run, their inputs and outputs; options of an alternative are arcs into one slot."""
    names = {n: (m, r, s) for n, r, m, s in network.nodes.select("node", "region", "material", "side").iter_rows()}
    flows: dict[int, list[tuple[int, float]]] = {}
    for activity, node, t in network.flows.iter_rows():
        flows.setdefault(activity, []).append((node, t))
    options: dict[int, list[int]] = {}
    for activity in network.activities.filter(pl.col("kind") == "choice")["activity"]:
        for node, _ in flows.get(activity, []):
            if names[node][2] == "slot":
                options.setdefault(node, []).append(activity)
    run_of_group = np.zeros(max(network.groups.height, 1))
    held = network.activities.filter((pl.col("kind") == "run") & pl.col("group").is_not_null())
    np.add.at(run_of_group, held["group"].to_numpy(), base.run[held["activity"].to_numpy()])
    columns = ("activity", "process_id", "material", "region", "stage", "group")
    for activity, process, main, region, stage, group in (
        network.activities.filter(pl.col("kind") == "run").select(columns).iter_rows()
    ):
        run = float(base.run[activity])
        if run < SMALLEST_T:
            continue
        most = run if group is None else run * float(base.capacity[group]) / max(float(run_of_group[group]), 1e-12)
        node = len(draft.nodes)
        draft.nodes.append(("plant", process, main, region, stage, None, group, run / 12, max(most, run) / 12))
        for at, t in flows[activity]:
            material, place, side = names[at]
            if side == "slot":
                _option(draft, base, flows, names, options[at], at, node, run, t)
            elif t < 0:
                draft.slots.append((node, material, place, -t, 1.0))
            else:
                draft.goods.append((node, material, place, t, material == main))


def _option(
    draft: _Draft,
    base: BaseFlows,
    flows: dict[int, list[tuple[int, float]]],
    names: dict[int, tuple[str, str, str]],
    choices: list[int],
    slot: int,
    node: int,
    run: float,
    units: float,
) -> None:
    """Add what an alternative takes or gives, at the mix of the base year."""
    for choice in choices:
        part = float(base.run[choice]) / run
        for at, t in flows[choice]:
            if at != slot and part > 0:
                material, region, _ = names[at]
                if units < 0:
                    draft.slots.append((node, material, region, -t * part, 1.0))
                else:
                    draft.goods.append((node, material, region, t * part, False))


def _sources(network: Network, base: BaseFlows, draft: _Draft) -> None:
    used = network.nodes.filter(
        (pl.col("side") == "made") & pl.col("material").is_in(network.used["material"].implode())
    )
    for (material, region), t in zip(used.select("material", "region").iter_rows(), base.collected, strict=True):
        if t >= SMALLEST_T:
            node = len(draft.nodes)
            draft.nodes.append(("source", None, material, region, "use", None, None, t / 12, t / 12))
            draft.goods.append((node, material, region, 1.0, True))


def _uses(network: Network, base: BaseFlows, draft: _Draft) -> None:
    rows = network.demand.select("material", "region", "end_use").iter_rows()
    for (material, region, use), t in zip(rows, base.use, strict=True):
        if t >= SMALLEST_T:
            node = len(draft.nodes)
            draft.nodes.append(("use", None, material, region, "use", use, None, t / 12, t / 12))
            draft.slots.append((node, material, region, 1.0, 1.0))


def _arcs(network: Network, base: BaseFlows, draft: _Draft, nodes: pl.DataFrame) -> pl.DataFrame:
    """Return arcs: good, slot, flow t a month, delay, limit, material, exporter, importer, main."""
    run = nodes["base_t"].to_numpy()
    makers = pl.DataFrame(
        [(k, m, r, run[n] * t, is_main) for k, (n, m, r, t, is_main) in enumerate(draft.goods)],
        schema={"good": pl.Int64, "material": pl.String, "exporter": pl.String, "made": pl.Float64, "main": pl.Boolean},
        orient="row",
    ).with_columns(part=pl.col("made") / pl.col("made").sum().over("material", "exporter"))
    takers = pl.DataFrame(
        [(i, m, r, run[n] * need) for i, (n, m, r, need, _) in enumerate(draft.slots)],
        schema={"slot": pl.Int64, "material": pl.String, "importer": pl.String, "taken": pl.Float64},
        orient="row",
    ).with_columns(part_in=pl.col("taken") / pl.col("taken").sum().over("material", "importer"))
    lanes = network.lanes.select(
        "material",
        "exporter",
        "importer",
        pl.Series("lane_t", base.ship),
        (pl.col("transit_d").fill_null(0.0) / DAYS_PER_MONTH).round().cast(pl.Int64).alias("delay"),
        pl.col("capacity_t_per_a").fill_null(float("inf")).alias("most"),
    )
    joined = lanes.join(makers, on=["material", "exporter"]).join(takers, on=["material", "importer"])
    spread = pl.col("part") * pl.col("part_in")
    arcs = joined.with_columns(flow=pl.col("lane_t") * spread / 12, limit=pl.col("most") * spread / 12)
    # what lanes bring must be what is used, to the last digit
    got = pl.col("flow").sum().over("slot")
    arcs = arcs.with_columns(flow=pl.when(got > 0).then(pl.col("flow") / got * pl.col("taken")).otherwise(0.0))
    return arcs.sort("good", "slot", "exporter", "importer")


def _parts(
    network: Network,
    draft: _Draft,
    nodes: pl.DataFrame,
    arcs: pl.DataFrame,
    materials: tuple[str, ...],
    stated: dict[str, float],
    cover_days: float,
) -> Parts:
    slot_node = np.array([slot[0] for slot in draft.slots], dtype=np.int64)
    good_node = np.array([good[0] for good in draft.goods], dtype=np.int64)
    per_t = np.array([good[3] for good in draft.goods])
    good, slot, flow = (arcs[name].to_numpy() for name in ("good", "slot", "flow"))
    base = nodes["base_t"].to_numpy().copy()
    sold = np.bincount(good, weights=flow, minlength=good_node.size) / per_t
    np.maximum.at(base, good_node, np.where(sold < base[good_node] * (1 + 1e-5), sold, base[good_node]))
    cover = np.array([stated.get(slot[1], cover_days) for slot in draft.slots]) / DAYS_PER_MONTH
    kinds = {material: n for n, material in enumerate(materials)}
    return Parts(
        level=_levels(arcs, good_node, slot_node, nodes.height),
        base=base,
        capacity=np.maximum(nodes["capacity_t"].to_numpy(), base * (1 + SPARE)),
        is_use=(nodes["kind"] == "use").to_numpy(),
        slot_node=slot_node,
        slot_need=np.array([slot[3] for slot in draft.slots]),
        slot_cover=cover,
        slot_kind=np.array([kinds[slot[1]] for slot in draft.slots], dtype=np.int64),
        good_node=good_node,
        good_per_t=per_t,
        arc_good=good,
        arc_slot=slot,
        arc_flow=flow,
        arc_delay=arcs["delay"].to_numpy(),
        arc_factor=np.ones(arcs.height),
        arc_priority=np.zeros(arcs.height),
        arc_limit=arcs["limit"].to_numpy(),
        slot_reserve=_reserves(network, draft, base),
        good_drives=_drives(network, draft),
    )


def _drives(network: Network, draft: _Draft) -> npt.NDArray[np.bool_]:
    """Nobody runs a plant for its scrap or its tailings."""
    by_the_way = set(network.materials.filter(pl.col("kind").is_in(["scrap", "loss"]))["material_id"])
    return np.array([is_main or material not in by_the_way for _, material, _, _, is_main in draft.goods])


def _levels(arcs: pl.DataFrame, good_node: Ints, slot_node: Ints, count: int) -> Ints:
    """Return the longest way from a source along main outputs; new scrap, which leads back, does not count."""
    level = np.zeros(count, dtype=np.int64)
    main = arcs["main"].to_numpy()
    start, end = good_node[arcs["good"].to_numpy()[main]], slot_node[arcs["slot"].to_numpy()[main]]
    for _ in range(ROUNDS):
        later = level.copy()
        np.maximum.at(later, end, level[start] + 1)
        if (later == level).all():
            break
        level = later
    return level


def _cover(network: Network) -> dict[str, float]:
    """Return days of cover of each material of which they are stated: of the last year, the mean of its rows."""
    rows = network.chain.stocks.drop_nulls("cover_d").filter(pl.col("holder").is_in(["producer", "consumer"]))
    last = rows.filter(pl.col("year") == pl.col("year").max().over("material_id"))
    return dict(last.group_by("material_id").agg(pl.col("cover_d").mean()).sort("material_id").iter_rows())


def _reserves(network: Network, draft: _Draft, base: Array) -> Array:
    """Return government stocks by slot, t: of the last stated year, to the users of a region by what they use."""
    rows = network.chain.stocks.drop_nulls("quantity").filter(pl.col("holder") == "government")
    last = rows.filter(pl.col("year") == pl.col("year").max().over("material_id", "place_id"))
    held: dict[tuple[str, str], float] = {}
    for material, place, quantity, unit in last.select("material_id", "place_id", "quantity", "unit").iter_rows():
        key = (material, network.places.of(place))
        held[key] = held.get(key, 0.0) + quantity * gross_of(network.chain, material, unit or "t")
    used = np.array([base[node] * need for node, _, _, need, _ in draft.slots])
    keys = [(material, region) for _, material, region, _, _ in draft.slots]
    whole: dict[tuple[str, str], float] = {}
    for key, t in zip(keys, used, strict=True):
        whole[key] = whole.get(key, 0.0) + t
    return np.array([held.get(k, 0.0) * t / max(whole[k], 1e-12) for k, t in zip(keys, used, strict=True)])
