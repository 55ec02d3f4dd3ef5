"""Recipes as a graph: balance of matter, order of the chain, and what reaches what.

A recipe states gross tonnes per gross tonne of main output. Balance of component c in process p:
into = sum over inputs of t_per_t x x_c, out = sum over outputs of t_per_t x x_c, x_c the mass fraction of c.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

import polars as pl

from ytterby.chain.chain import Chain


def balance(recipes: pl.DataFrame, compositions: pl.DataFrame, components: Sequence[str]) -> pl.DataFrame:
    """Return, per process and component, tonnes of the component in and out per tonne of main output.

    Among alternative inputs the first of each group counts, since any of them serves alone.
    Columns: process_id, component, into, out, loss.
    """
    first = recipes.filter(
        pl.col("alternative").is_null() | pl.struct("process_id", "direction", "alternative").is_first_distinct()
    )
    tracked = compositions.filter(pl.col("component").is_in(list(components)))
    flows = first.join(tracked.select("material_id", "component", "mass_fraction"), on="material_id", how="inner")
    amount = pl.col("t_per_t") * pl.col("mass_fraction")
    sums = flows.group_by("process_id", "component", maintain_order=True).agg(
        amount.filter(pl.col("direction") == "in").sum().alias("into"),
        amount.filter(pl.col("direction") == "out").sum().alias("out"),
        amount.filter(pl.col("role") == "loss").sum().alias("loss"),
    )
    return sums.sort("process_id", "component")


def _links(recipes: pl.DataFrame) -> dict[str, set[str]]:
    """Return what each material can become: outputs of the processes that take it as feed, losses apart."""
    feeds = recipes.filter(pl.col("role") == "feed").select("process_id", pl.col("material_id").alias("feed"))
    makes = recipes.filter(pl.col("role").is_in(["main", "co_product"])).select("process_id", "material_id")
    links: dict[str, set[str]] = {}
    for feed, made in feeds.join(makes, on="process_id").select("feed", "material_id").unique().iter_rows():
        links.setdefault(feed, set()).add(made)
    return links


def reachable(recipes: pl.DataFrame, material: str) -> frozenset[str]:
    """Return every material that can be made, step by step, from one material, itself included."""
    links, seen, queue = _links(recipes), {material}, deque([material])
    while queue:
        for made in links.get(queue.popleft(), ()):
            if made not in seen:
                seen.add(made)
                queue.append(made)
    return frozenset(seen)


def broken_paths(recipes: pl.DataFrame, mined: Sequence[str], demanded: frozenset[str]) -> Mapping[str, list[str]]:
    """Return the mined materials that reach no demanded one, each with the materials at which its path ends."""
    links = _links(recipes)
    broken = {}
    for material in mined:
        seen = reachable(recipes, material)
        if not seen & demanded:
            broken[material] = sorted(name for name in seen if not links.get(name))
    return broken


def chain_order(chain: Chain) -> list[str]:
    """Return the chain's own materials from deposit to product: by stage, and by recipe inside a stage."""
    stages = list(
        dict.fromkeys(["exploration", "mining", "refining", "smelting", "processing", "manufacturing", "use"])
    )
    stages.append("recycling")
    materials = chain.materials.filter(~pl.col("kind").is_in(["reagent", "loss"]))
    scrap = chain.materials.filter(pl.col("kind") == "scrap")["material_id"]
    from_scrap = chain.recipes.filter((pl.col("role") == "feed") & pl.col("material_id").is_in(scrap.implode()))
    depth = _depth(chain.recipes.filter(~pl.col("process_id").is_in(from_scrap["process_id"].implode())))
    rows = materials.select("material_id", "stage").iter_rows()
    ranked = sorted((stages.index(stage), depth.get(name, 0), name) for name, stage in rows if stage in stages)
    return [name for _, _, name in ranked]


def _depth(recipes: pl.DataFrame) -> dict[str, int]:
    """Return the longest number of primary steps to each material; scrap loops are cut at their first return."""
    links = _links(recipes)
    depth: dict[str, int] = {}
    starts = set(links) - {made for outs in links.values() for made in outs}

    def visit(name: str, steps: int, trail: frozenset[str]) -> None:
        if name in trail or steps <= depth.get(name, -1) or steps > 40:
            return
        depth[name] = steps
        for made in links.get(name, ()):
            visit(made, steps + 1, trail | {name})

    for start in sorted(starts):
        visit(start, 0, frozenset())
    return depth
