"""A balanced year as ribbons of contained metal: what turned into what, from scrap too, and what was lost.

The same drawing as the chain's, from flows that close: a bar is what recipes and co-products brought, what no ribbon
takes from it was used or went into stock. Ribbons are the world's sums over all places; several products of one route
share its feeds by contained tonnes. New scrap is part of its bar; the ribbon back to it is not drawn.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from ytterby.chain.descriptor import write_text

from ..flows import Flow, Flows, Loss
from .sankey import sankey

if TYPE_CHECKING:
    from ytterby.balance import BalanceResult
    from ytterby.chain import Chain

MOST_BARS = 17
PARTS = (0.02, 0.05, 0.1, 0.2, 0.4)


class Labels:
    """Names for a drawing that has no page around it."""

    def __init__(self, chain: Chain, result: BalanceResult) -> None:
        self.chain, self.result, self.basis = chain, result, basis_of(chain)

    def table(self, name: str) -> pl.DataFrame:
        """A table of the chain."""
        return self.chain.table(name)

    def name(self, subject_id: str | None) -> str:
        """The display name of an id."""
        return str(self.result.names.get(subject_id or "", subject_id or "not known"))

    def short(self, subject_id: str) -> str:
        """A material's name without its grade."""
        return self.name(subject_id).split(",")[0].split(" (")[0]


def balanced_flows(chain: Chain, result: BalanceResult) -> Flows:
    """The world's flows of contained metal of a balanced year."""
    kinds = dict(chain.materials.select("material_id", "kind").iter_rows())
    turned: pl.DataFrame = result.tables["conversions"]
    by_route = turned.group_by("route_id", "material_id", "role", maintain_order=True).agg(pl.col("contained_t").sum())
    made: dict[str, float] = {}
    flows: list[Flow] = []
    for (route,), rows in by_route.group_by("route_id", maintain_order=True):
        parts = rows.filter(pl.col("contained_t") != 0).select("material_id", "role", "contained_t").rows()
        given = [(material, tonnes) for material, role, tonnes in parts if role != "feed"]
        taken = [(material, -tonnes) for material, role, tonnes in parts if role == "feed"]
        for material, tonnes in given:
            made[material] = made.get(material, 0.0) + tonnes
        if not taken or not given:
            continue
        main = given[0][0]
        side = sum(tonnes for _, tonnes in given[1:])
        brought = sum(tonnes for _, tonnes in taken)
        for material, tonnes in taken:
            kept = tonnes * (1 - side / brought)
            flows.append(_flow(material, main, kept, str(route), kinds))
            flows += [
                _flow(material, other, tonnes * part / brought, str(route), kinds)
                for other, part in given[1:]
                if kinds.get(other) != "scrap"
            ]
    lost: dict[str, tuple[float, list[str]]] = {}
    by_product = result.tables["losses"].group_by("material_id", "lost_as", maintain_order=True)
    losses = by_product.agg(pl.col("contained_t").sum())
    for material, names, tonnes in losses.select("material_id", "lost_as", "contained_t").iter_rows():
        held = lost.get(material, (0.0, []))
        lost[material] = (held[0] + tonnes, [*held[1], *(name for name in names.split(";") if name)])
    return Flows(
        made_t=made,
        flows=[flow for flow in flows if flow.quantity_t > 0],
        losses=[
            Loss(target=material, quantity_t=tonnes, names=tuple(dict.fromkeys(names)))
            for material, (tonnes, names) in lost.items()
            if tonnes > 1e-6 * max(made.values(), default=0.0)
        ],
    )


def _flow(source: str, target: str, tonnes: float, route: str, kinds: dict[str, str]) -> Flow:
    return Flow(
        source=source, target=target, quantity_t=tonnes, process_id=route, is_scrap=kinds.get(source) == "scrap"
    )


def largest(drawn: Flows) -> Flows:
    """The same flows without those too thin to see: as many of the largest as bars find room beside each other."""
    most = max((flow.quantity_t for flow in drawn.flows), default=0.0)
    kept: list[Flow] = []
    for part in PARTS:
        kept = [flow for flow in drawn.flows if flow.quantity_t >= part * most]
        seen = {flow.source for flow in kept} | {flow.target for flow in kept}
        if len(seen) <= MOST_BARS:
            break
    return Flows(
        made_t={name: tonnes for name, tonnes in drawn.made_t.items() if name in seen},
        flows=kept,
        losses=[loss for loss in drawn.losses if loss.target in seen],
    )


def basis_of(chain: Chain) -> str:
    """What the tonnes of a drawing are tonnes of."""
    from .. import format as fmt

    return fmt.listing(list(chain.components)) or "matter"


def write_sankey(chain: Chain, result: BalanceResult, folder: Path) -> Path:
    """Write the drawing as SVG; return its path."""
    labels: Any = Labels(chain, result)
    drawing = sankey(labels, largest(balanced_flows(chain, result)))
    return write_text(folder / f"balance-{chain.name}-{result.year}.svg", drawing)
