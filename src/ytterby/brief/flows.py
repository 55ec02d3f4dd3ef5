"""Flows of contained metal between the rungs, for the drawing of the chain: recipes times rung totals.

    feed of material f into product m = t_per_t(f) x total(m) x content(f); loss = feeds - product - co-products
Tonnes a year of the tracked components. Where several processes make one material, they share it as the sites' stated
tonnages do if these cover half of it; else each takes what is stated and the rest falls to the process that feeds on
the latest rung of the chain. Reserves are no flow and are left out, and scrap enters as found, its collection not drawn.
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
    made = {
        rung.material: rung.total_t * content[rung.material]
        for rung in reversed(context.result.rungs)
        if rung.stage not in NOT_FLOWS and rung.total_t and content.get(rung.material)
    }
    out = Flows(made_t=made)
    if context.table("recipes").is_empty():
        return out
    scraps = set(context.table("materials").filter(pl.col("kind") == "scrap")["material_id"])
    by_process: dict[str, list[dict[str, Any]]] = {}
    for row in context.table("recipes").sort("process_id", "direction", "role", "material_id").to_dicts():
        by_process.setdefault(row["process_id"], []).append(row)
    makers: dict[str, list[str]] = {}
    for process, rows in by_process.items():
        for row in rows:
            if row["role"] == "main" and row["material_id"] in made and row["material_id"] not in scraps:
                makers.setdefault(row["material_id"], []).append(process)
    lost: dict[str, list[tuple[float, str]]] = {}
    for material, processes in makers.items():
        for process, weight in _weights(context, made[material], material, processes, by_process).items():
            _add_process(out, lost, by_process[process], material, weight, content, scraps)
    for target, parts in lost.items():
        total = sum(part for part, _ in parts)
        if total > 0:
            out.losses.append(
                Loss(target=target, quantity_t=total, names=tuple(dict.fromkeys(name for _, name in parts if name)))
            )
    return out


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
    out: Flows,
    lost: dict[str, list[tuple[float, str]]],
    rows: list[dict[str, Any]],
    material: str,
    weight: float,
    content: dict[str, float],
    scraps: set[str],
) -> None:
    product = out.made_t[material] * weight
    gross = product / content[material]
    entering, leaving, seen, names = 0.0, product, set[str](), []
    for row in rows:
        quantity = row["t_per_t"] * gross * content.get(row["material_id"], 0.0)
        if row["role"] == "loss":
            names.append(row["material_id"])
        elif row["role"] == "co_product":
            leaving += quantity
        elif row["role"] == "feed" and quantity > 0 and not (row["alternative"] and row["alternative"] in seen):
            seen.add(row["alternative"] or row["material_id"])
            entering += quantity
            is_scrap = row["material_id"] in scraps
            out.flows.append(
                Flow(
                    source=row["material_id"],
                    target=material,
                    quantity_t=quantity,
                    process_id=row["process_id"],
                    is_scrap=is_scrap,
                )
            )
    if entering > leaving:
        lost.setdefault(material, []).append((entering - leaving, names[0] if names else ""))
