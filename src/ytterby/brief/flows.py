"""Flows of contained metal between the rungs, for the drawing of the chain: recipes times rung totals.

    feed of material f into product m = t_per_t(f) x total(m) x content(f); loss = feeds - product - co-products
Tonnes a year of the tracked components. Scrap comes first: what sites say that they make of it is taken, and what is
left of the scrap rung's tonnage goes to the rung nearest the ore that can take it; never more than the rung has. Where
several other processes make one material, they share the rest as the sites' stated tonnages do if these cover half of
it; else each takes what is stated and what remains falls to the process that feeds on the latest rung of the chain. A
rung known only by balance takes what is needed of it. Reserves are no flow and are left out; scrap enters as found, its
collection not drawn. Where totals and recipes disagree the difference is kept as a gap, never spread.
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

    def fed_t(self, material: str) -> float:
        """What the recipes bring to a material."""
        return sum(flow.quantity_t for flow in self.flows if flow.target == material)

    def only(self, hidden: frozenset[str]) -> Flows:
        """The same chain without some materials; what is lost on the way from one of them is left out with it."""
        flows = [flow for flow in self.flows if not {flow.source, flow.target} & hidden]
        targets = {flow.target for flow in flows} - {flow.target for flow in self.flows if flow.source in hidden}
        return Flows(
            made_t={name: made for name, made in self.made_t.items() if name not in hidden},
            flows=flows,
            losses=[loss for loss in self.losses if loss.target in targets],
        )


def chain_flows(context: BriefContext) -> Flows:
    """The flows of a chain; without flows where it has no recipes or no composition."""
    content = context.contained
    kinds = dict(context.table("materials").select("material_id", "kind").iter_rows())
    by_process: dict[str, list[dict[str, Any]]] = {}
    for row in context.table("recipes").sort("process_id", "direction", "role", "material_id").to_dicts():
        by_process.setdefault(row["process_id"], []).append(row)
    makers = _makers(by_process, kinds)
    out = Flows(made_t={})
    scrap = _Scrap(context, by_process, kinds, makers)
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
            weights = scrap.take(rung.material, made)
            rest = max(1.0 - sum(weights.values()), 0.0)
            others = [process for process in makers[rung.material] if process not in scrap.feeds]
            if others and rest > 0:
                shared = _weights(context, made * rest, rung.material, others, by_process)
                weights |= {process: weight * rest for process, weight in shared.items()}
            elif rest > 0 and not weights:
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


class _Scrap:
    """What is left of each scrap rung while the chain is walked from use to ore."""

    def __init__(
        self,
        context: BriefContext,
        by_process: dict[str, list[dict[str, Any]]],
        kinds: dict[str, str],
        makers: dict[str, list[str]],
    ) -> None:
        self.context, self.makers = context, makers
        self.feeds: dict[str, dict[str, Any]] = {}
        for process, rows in by_process.items():
            feeds = [row for row in rows if row["role"] == "feed"]
            if feeds and all(kinds.get(row["material_id"]) == "scrap" for row in feeds):
                self.feeds[process] = feeds[0]
        self.left_t = {
            rung.material: (rung.total_t or 0.0) * context.contained.get(rung.material, 0.0)
            for rung in context.result.rungs
            if kinds.get(rung.material) == "scrap"
        }
        made = [rung.material for rung in context.result.rungs if rung.stage not in NOT_FLOWS]
        self.last: dict[str, str] = {}
        for material in made:
            for process in makers.get(material, []):
                if process in self.feeds:
                    self.last.setdefault(self.feeds[process]["material_id"], process)

    def take(self, material: str, made: float) -> dict[str, float]:
        """The part of a material that each scrap-fed process makes; takes it off what is left of the scrap."""
        content = self.context.contained
        mine = [process for process in self.makers[material] if process in self.feeds]
        stated = _stated_t(self.context, material, mine)
        weights: dict[str, float] = {}
        open_t = made
        for process in sorted(mine, key=lambda name: (name not in stated, name)):
            feed = self.feeds[process]
            source = feed["material_id"]
            need = feed["t_per_t"] * content.get(source, 0.0) / content[material]
            if source not in self.left_t:
                product = min(stated.get(process, 0.0), open_t)
            else:
                most = self.left_t[source] / need if need > 0 else 0.0
                wanted = most if self.last.get(source) == process else stated.get(process, 0.0)
                product = min(wanted, most, open_t)
                self.left_t[source] -= product * need
            if product > 0:
                weights[process] = product / made
                open_t -= product
        return weights


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
