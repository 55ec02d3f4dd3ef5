"""Flows of contained metal between the rungs, for the drawing of the chain: recipes times rung totals.

    feed of material f into product m = t_per_t(f) x total(m) x content(f); loss = feeds - product - co-products
Tonnes a year of the tracked components. Where several processes make one material, scrap processes take what the
scrap rung holds, the rest is shared by the sites' stated tonnages, and where none is stated falls to the first process in
the table. Where the ladder's totals and the recipes disagree the difference is kept as a gap, never spread.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .context import BriefContext


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
        if rung.stage != "use" and rung.total_t and content.get(rung.material)
    }
    out = Flows(made_t=made)
    if context.table("recipes").is_empty():
        return out
    by_process: dict[str, list[dict[str, Any]]] = {}
    for row in context.table("recipes").to_dicts():
        by_process.setdefault(row["process_id"], []).append(row)
    makers: dict[str, list[str]] = {}
    for process, rows in by_process.items():
        for row in rows:
            if row["role"] == "main" and row["material_id"] in made:
                makers.setdefault(row["material_id"], []).append(process)
    scraps = {row["material_id"] for row in context.table("materials").to_dicts() if row["kind"] == "scrap"}
    lost: dict[str, list[tuple[float, str]]] = {}
    for material, processes in makers.items():
        for process, weight in _weights(context, material, processes, by_process, scraps, made).items():
            _add_process(out, lost, by_process[process], material, weight, content, scraps, made)
    for target, parts in lost.items():
        total = sum(part for part, _ in parts)
        if total > 0:
            out.losses.append(
                Loss(target=target, quantity_t=total, names=tuple(dict.fromkeys(name for _, name in parts if name)))
            )
    return out


def _weights(
    context: BriefContext,
    material: str,
    processes: list[str],
    by_process: dict[str, list[dict[str, Any]]],
    scraps: set[str],
    made: dict[str, float],
) -> dict[str, float]:
    if len(processes) == 1:
        return {processes[0]: 1.0}
    rows = (
        context.table("facility_output").filter(context.table("facility_output")["material_id"] == material).to_dicts()
    )
    stated = {
        process: sum(row["quantity"] or 0.0 for row in rows if row["process_id"] == process) for process in processes
    }
    total = sum(stated.values())
    if total > 0:
        return {process: quantity / total for process, quantity in stated.items() if quantity > 0}
    primary = [
        p for p in processes if not any(row["material_id"] in scraps for row in by_process[p] if row["role"] == "feed")
    ]
    return {(primary or processes)[0]: 1.0}


def _add_process(
    out: Flows,
    lost: dict[str, list[tuple[float, str]]],
    rows: list[dict[str, Any]],
    material: str,
    weight: float,
    content: dict[str, float],
    scraps: set[str],
    made: dict[str, float],
) -> None:
    product = made[material] * weight
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
