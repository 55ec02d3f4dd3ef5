"""Checks of matter: every recipe balances its tracked components, and every mined material reaches a demand.

For each component of a process: sum(in t_per_t x mass fraction) = sum(out t_per_t x mass fraction), with losses named
and never negative, to 1e-6 of what goes in. Alternatives of one process are each balanced on their own.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from ytterby.chain.check.context import ROW, Context
from ytterby.chain.recipes import balance, broken_paths

TOLERANCE = 1e-6


def check_matter(context: Context) -> None:
    """Check recipes: one main output of 1, balance of every tracked component, and paths from mine to demand."""
    recipes = context.own("recipes")
    if recipes.is_empty():
        return
    _check_main_output(context, recipes)
    settings = context.package.metadata.get("ytterby", {})
    if settings.get("matter", "tracked") == "untracked":
        return
    components = list(settings.get("components", {}))
    _check_compositions(context, components)
    sound = _with_known_composition(context, recipes, components)
    table = balance(sound.drop(ROW), context.joined("compositions"), components)
    rows = dict(recipes.filter(pl.col("role") == "main").select("process_id", ROW).iter_rows())
    for process, component, into, out in table.select("process_id", "component", "into", "out").iter_rows():
        context.count("recipe balances", 1)
        if abs(into - out) <= TOLERANCE * max(into, out):
            continue
        if into == 0:
            rule = f"makes {out:.6g} t of {component} per tonne from nothing"
        else:
            rule = f"takes in {into:.6g} t of {component} per tonne and gives out {out:.6g}"
        gap = into - out
        mend = (
            f"name a loss of {gap:.6g} t {component}"
            if gap > 0
            else "correct the inputs, the compositions or the losses"
        )
        context.add("recipes", rows.get(process), "t_per_t", process, rule, mend)
    _check_paths(context)


def _check_main_output(context: Context, recipes: pl.DataFrame) -> None:
    mains = recipes.group_by("process_id", maintain_order=True).agg(
        pl.col(ROW).first(), (pl.col("role") == "main").sum().alias("mains")
    )
    for process, row, count in mains.filter(pl.col("mains") != 1).iter_rows():
        context.add("recipes", row, "role", process, f"process has {count} main outputs", "give it exactly one")
    main = recipes.filter(pl.col("role") == "main")
    for row, value in main.filter((pl.col("t_per_t") - 1).abs() > 1e-12).select(ROW, "t_per_t").iter_rows():
        context.add(
            "recipes", row, "t_per_t", value, "main output is not 1", "state the recipe per tonne of main output"
        )
    wrong_way = recipes.filter(
        ((pl.col("direction") == "in") & pl.col("role").is_in(["main", "co_product", "loss"]))
        | ((pl.col("direction") == "out") & pl.col("role").is_in(["feed", "reagent"]))
    )
    for row, role, direction in wrong_way.select(ROW, "role", "direction").iter_rows():
        context.add(
            "recipes", row, "role", role, f"cannot go {direction}", "feed and reagent go in; the others come out"
        )


def _check_compositions(context: Context, components: list[str]) -> None:
    frame = context.own("compositions").filter(pl.col("component").is_in(components))
    sums = frame.group_by("material_id", maintain_order=True).agg(
        pl.col(ROW).last(), pl.col("mass_fraction").sum().alias("total")
    )
    for material, row, total in sums.filter(pl.col("total") > 1 + 1e-9).iter_rows():
        context.add(
            "compositions", row, "mass_fraction", material, f"fractions sum to {total:.6g}", "keep them at or below 1"
        )
    context.count("compositions", sums.height)


def _with_known_composition(context: Context, recipes: pl.DataFrame, components: list[str]) -> pl.DataFrame:
    """Return the recipes whose tracked materials all have a composition, and name those that have none."""
    materials = context.joined("materials")
    reagents = set(materials.filter(pl.col("kind") == "reagent")["material_id"])
    known = set(context.joined("compositions").filter(pl.col("component").is_in(components))["material_id"])
    listed = set(materials["material_id"])
    bad: set[str] = set()
    for row, process, material in recipes.select(ROW, "process_id", "material_id").iter_rows():
        if material in known or material in reagents:
            continue
        bad.add(process)
        if material in listed:
            mend = f"add a row to compositions for {' and '.join(components)}, 0 if there is none"
            context.add("recipes", row, "material_id", material, "has no composition", mend)
    return recipes.filter(~pl.col("process_id").is_in(list(bad)))


def _check_paths(context: Context) -> None:
    materials, recipes, demand = (context.joined(t) for t in ("materials", "recipes", "demand"))
    rows = dict(context.own("materials").select("material_id", ROW).iter_rows())
    mined: Iterable[str] = materials.filter((pl.col("stage") == "mining") & (pl.col("kind") == "chain"))["material_id"]
    breaks = broken_paths(recipes, tuple(mined), frozenset(demand["material_id"]))
    for material, ends in breaks.items():
        rule = "reaches no demanded material; its path ends at " + ", ".join(ends)
        mend = "add the recipe that takes the last of these further, or a demand for it"
        context.add("materials", rows.get(material), "material_id", material, rule, mend)
    context.count("mined materials", len(tuple(mined)))
