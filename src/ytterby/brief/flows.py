"""Flows of contained metal between the rungs, for the drawing of the chain: recipes times rung totals.

    feed of material f into product m = t_per_t(f) x total(m) x content(f); loss = feeds - product - co-products
Tonnes a year of the tracked components. Where several processes make one material, they share it as the sites' stated
tonnages do if these cover half of it; else each takes what is stated and the rest falls to the process that feeds on
the latest rung of the chain. A rung known only by balance takes what is needed of it. Reserves are no flow and are left
out; scrap enters as found, its collection not drawn.
Where totals and recipes disagree the difference is kept as a gap, never spread.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from .sites import contained_t, stated_outputs

if TYPE_CHECKING:
    from .context import BriefContext


NOT_FLOWS = frozenset({"exploration", "use"})


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Contained tonnes of one material that go into one product."""

    source: str
    target: str
    quantity_t: float
    process_id: str
    is_scrap: bool


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Contained tonnes lost on the way to one product."""

    target: str
    quantity_t: float
    names: tuple[str, ...]


@dataclass(kw_only=True)
class Flows:
    """The chain as drawn: what each material has, what flows, what is lost."""

    made_t: dict[str, float]
    flows: list[Flow] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)

    def used_t(self, material: str) -> float:
        """What the recipes take of a material."""
        return sum(flow.quantity_t for flow in self.flows if flow.source == material)


def chain_flows(context: BriefContext) -> Flows:
    """The flows of a chain; without flows where it has no recipes or no composition."""
    content = context.contained
    kinds = dict(context.table("materials").select("material_id", "kind").iter_rows())
    by_process: dict[str, list[dict[str, Any]]] = {}
    for row in context.table("recipes").sort("process_id", "direction", "role", "material_id").to_dicts():
        by_process.setdefault(row["process_id"], []).append(row)
    makers = _makers(by_process, kinds)
    out = Flows(made_t={})
    for rung in reversed(context.result.rungs):
        if rung.stage in NOT_FLOWS or not content.get(rung.material):
            continue
        used = out.used_t(rung.material)
        stated = rung.total_t if rung.basis != "balance" else None
        made = stated * content[rung.material] if stated else used
        if not made:
            continue
        out.made_t[rung.material] = made
        if rung.material in makers:
            weights = _weights(context, made, rung.material, makers[rung.material], by_process)
            lost = [
                _add_process(out, by_process[process], rung.material, made * weight, context)
                for process, weight in weights.items()
            ]
            total = sum(loss for loss, _ in lost)
            if total > 0:
                names = tuple(dict.fromkeys(name for _, name in lost if name))
                out.losses.append(Loss(target=rung.material, quantity_t=total, names=names))
    return out


def _makers(by_process: dict[str, list[dict[str, Any]]], kinds: dict[str, str]) -> dict[str, list[str]]:
    """Processes by main product; mining from the ground and the collection of scrap are the edges of the drawing."""
    found: dict[str, list[str]] = {}
    for process, rows in by_process.items():
        from_ground = any(row["role"] == "feed" and kinds.get(row["material_id"]) == "deposit" for row in rows)
        for row in rows:
            if row["role"] == "main" and not from_ground and kinds.get(row["material_id"]) != "scrap":
                found.setdefault(row["material_id"], []).append(process)
    return found


def _weights(
    context: BriefContext,
    total: float,
    material: str,
    processes: list[str],
    by_process: dict[str, list[dict[str, Any]]],
) -> dict[str, float]:
    if len(processes) == 1:
        return {processes[0]: 1.0}
    stated = _stated_t(context, material, processes)
    covered = sum(stated.values())
    if covered >= total / 2:
        return {process: quantity / covered for process, quantity in stated.items()}
    order = {rung.material: at for at, rung in enumerate(context.result.rungs)}

    def feeds_on(process: str) -> int:
        rows = by_process[process]
        return max((order.get(row["material_id"], -1) for row in rows if row["role"] == "feed"), default=-1)

    main = max(sorted(processes), key=lambda process: (stated.get(process, 0.0), feeds_on(process)))
    if not stated:
        kinds = dict(context.table("materials").select("material_id", "kind").iter_rows())
        chain = [
            p
            for p in processes
            if any(row["role"] == "feed" and kinds.get(row["material_id"]) != "scrap" for row in by_process[p])
        ]
        main = max(sorted(chain or processes), key=feeds_on)
    weights = {process: quantity / total for process, quantity in stated.items()}
    weights[main] = weights.get(main, 0.0) + (total - covered) / total
    return weights


def _stated_t(context: BriefContext, material: str, processes: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    rows = stated_outputs(context).filter((pl.col("material_id") == material) & pl.col("process_id").is_in(processes))
    best: dict[str, dict[str, Any]] = {}
    for row in rows.filter(pl.col("measure") != "planned_capacity").to_dicts():
        if row["measure"] == "production" or row["facility_id"] not in best:
            best[row["facility_id"]] = row
    for row in best.values():
        quantity = contained_t(context, row)
        if quantity:
            found[row["process_id"]] = found.get(row["process_id"], 0.0) + quantity
    return found


def _add_process(
    out: Flows, rows: list[dict[str, Any]], material: str, product: float, context: BriefContext
) -> tuple[float, str]:
    """Add the feeds of one process; return what it loses and the name of the loss."""
    content = context.contained
    kinds = dict(context.table("materials").select("material_id", "kind").iter_rows())
    gross = product / content[material]
    entering, leaving, seen, name = 0.0, product, set[str](), ""
    for row in rows:
        quantity = row["t_per_t"] * gross * content.get(row["material_id"], 0.0)
        choice = row["alternative"] or row["material_id"]
        if row["role"] == "loss":
            name = name or row["material_id"]
        elif row["role"] == "co_product":
            leaving += quantity
        elif row["role"] == "feed" and quantity > 0 and choice not in seen:
            seen.add(choice)
            entering += quantity
            is_scrap = kinds.get(row["material_id"]) == "scrap"
            flow = Flow(
                source=row["material_id"],
                target=material,
                quantity_t=quantity,
                process_id=row["process_id"],
                is_scrap=is_scrap,
            )
            out.flows.append(flow)
    return max(entering - leaving, 0.0), name
