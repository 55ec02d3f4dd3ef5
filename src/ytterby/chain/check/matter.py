"""Checks of matter: every recipe balances its tracked components, and every mined material reaches a demand.

For each component of a process: sum(in t_per_t x mass fraction) = sum(out t_per_t x mass fraction), with losses named
and never negative, to 1e-6 of what goes in. Alternatives of one process are each balanced on their own.
"""

from __future__ import annotations

import polars as pl

from ytterby.chain.check.context import ROW, Context
from ytterby.chain.recipes import balance, broken_paths
from ytterby.errors import Fault

TOLERANCE = 1e-6
NO_RECIPES = 'add recipes.csv, or declare "matter": "untracked"'


def check_matter(context: Context) -> None:
    """Check recipes: one main output of 1, balance of every tracked component, and paths from mine to demand."""
    if not context.is_whole("recipes"):
        return
    _check_main_output(context)
    if context.is_untracked or not context.components:
        return
    if not context.holds("recipes"):
        rule = "matter is declared tracked, and no recipe is there to examine"
        context.faults.append(Fault("datapackage.json", None, "ytterby.matter", "tracked", rule, NO_RECIPES))
        return
    components = list(context.components)
    _check_compositions(context, components)
    if context.is_whole("compositions") and context.is_whole("materials"):
        sound = _with_known_composition(context, components)
        _check_balance(context, sound, components)
    _check_paths(context)


def _check_balance(context: Context, sound: pl.DataFrame, components: list[str]) -> None:
    table = balance(sound.drop(ROW), context.joined("compositions"), components)
    rows = dict(sound.filter(pl.col("role") == "main").select("process_id", ROW).iter_rows())
    context.count("recipe balances", table.height)
    torn = table.filter((pl.col("into") - pl.col("out")).abs() > TOLERANCE * pl.max_horizontal("into", "out"))
    blamed = _blame_composition(context, sound, table, torn)
    for process, component, into, out in torn.select("process_id", "component", "into", "out").iter_rows():
        if (process, component) in blamed:
            continue
        if into == 0:
            rule = f"makes {out:.6g} t of {component} per tonne from nothing"
        else:
            rule = f"takes in {into:.6g} t of {component} per tonne and gives out {out:.6g}"
        gap = into - out
        named = f"name a loss of {gap:.6g} t {component}"
        mend = named if gap > 0 else "correct the inputs, the compositions or the losses"
        context.add("recipes", rows.get(process), "t_per_t", process, rule, mend)


def _blame_composition(
    context: Context, recipes: pl.DataFrame, table: pl.DataFrame, torn: pl.DataFrame
) -> set[tuple[str, str]]:
    """Report a composition that alone unbalances several recipes, and return the balances that it explains.

    A material is to blame where one other fraction of it, x - (into - out) / (its net t_per_t), mends all of them.
    """
    explained: set[tuple[str, str]] = set()
    signed = pl.when(pl.col("direction") == "in").then(pl.col("t_per_t")).otherwise(-pl.col("t_per_t"))
    net = recipes.group_by("process_id", "material_id", maintain_order=True).agg(signed.sum().alias("net"))
    own = context.sound("compositions").select(ROW, "material_id", "component", "mass_fraction")
    wanted = table.join(net.filter(pl.col("net") != 0), on="process_id").join(own, on=["material_id", "component"])
    wanted = wanted.with_columns(mended=pl.col("mass_fraction") - (pl.col("into") - pl.col("out")) / pl.col("net"))
    groups = wanted.group_by("material_id", "component", maintain_order=True).agg(
        pl.first(ROW, "mass_fraction"),
        pl.col("mended").first().alias("to"),
        (pl.col("mended").max() - pl.col("mended").min()).alias("spread"),
        pl.col("process_id").alias("processes"),
    )
    torn_pairs = set(torn.select("process_id", "component").iter_rows())
    fits = (pl.col("spread") <= TOLERANCE) & pl.col("to").is_between(0, 1) & (pl.col("processes").list.len() > 1)
    for material, component, row, held, to, _, processes in groups.filter(fits).iter_rows():
        pairs = {(process, component) for process in processes}
        if not pairs <= torn_pairs - explained:
            continue
        explained |= pairs
        rule = f"fraction {held:g} of {component} unbalances {', '.join(processes)}"
        context.add("compositions", row, "mass_fraction", material, rule, f"with {to:.6g} they balance; check it")
    return explained


def _check_main_output(context: Context) -> None:
    recipes = context.sound("recipes").filter(~pl.col("process_id").is_in(context.doubtful("recipes", "process_id")))
    mains = recipes.group_by("process_id", maintain_order=True).agg(
        pl.col(ROW).first(),
        pl.col(ROW).filter(pl.col("role") == "main").last().alias("last"),
        (pl.col("role") == "main").sum().alias("mains"),
    )
    for process, row, last, count in mains.filter(pl.col("mains") != 1).iter_rows():
        context.add("recipes", last or row, "role", process, f"process has {count} main outputs", "give it exactly one")
    main = recipes.filter((pl.col("role") == "main") & (pl.col("role") == "main").sum().over("process_id").eq(1))
    for row, value in main.filter((pl.col("t_per_t") - 1).abs() > 1e-12).select(ROW, "t_per_t").iter_rows():
        mend = "state the recipe per tonne of main output"
        context.add("recipes", row, "t_per_t", value, "main output is not 1", mend)
    wrong_way = recipes.filter(
        ((pl.col("direction") == "in") & pl.col("role").is_in(["main", "co_product", "loss"]))
        | ((pl.col("direction") == "out") & pl.col("role").is_in(["feed", "reagent"]))
    )
    for row, role, direction in wrong_way.select(ROW, "role", "direction").iter_rows():
        context.add(
            "recipes", row, "role", role, f"cannot go {direction}", "feed and reagent go in; the others come out"
        )


def _check_compositions(context: Context, components: list[str]) -> None:
    frame = context.sound("compositions").filter(pl.col("component").is_in(components))
    sums = frame.group_by("material_id", maintain_order=True).agg(
        pl.col(ROW).last(), pl.col("mass_fraction").sum().alias("total")
    )
    for material, row, total in sums.filter(pl.col("total") > 1 + 1e-9).iter_rows():
        context.add(
            "compositions", row, "mass_fraction", material, f"fractions sum to {total:.6g}", "keep them at or below 1"
        )
    context.count("compositions", sums.height)


def _with_known_composition(context: Context, components: list[str]) -> pl.DataFrame:
    """Return the sound recipes whose tracked materials all have a composition, and name those that have none."""
    recipes = context.sound("recipes").filter(~pl.col("process_id").is_in(context.doubtful("recipes", "process_id")))
    materials = context.joined("materials")
    reagents = set(materials.filter(pl.col("kind") == "reagent")["material_id"])
    compositions = context.joined("compositions").filter(pl.col("component").is_in(components))
    doubtful = set(context.doubtful("compositions", "material_id"))
    file = context.package.files.get("compositions")
    is_misnamed = any(fault.file == file and fault.column == "material_id" for fault in context.faults)
    known = set(compositions["material_id"]) - doubtful
    bad: set[str] = set()
    told: set[str] = set()
    for row, process, material in recipes.select(ROW, "process_id", "material_id").iter_rows():
        if material in known or material in reagents:
            continue
        bad.add(process)
        if material not in doubtful | told and not is_misnamed:
            told.add(material)
            mend = f"add a row to compositions for {' and '.join(components)}, 0 if there is none"
            context.add("recipes", row, "material_id", material, "has no composition", mend)
    return recipes.filter(~pl.col("process_id").is_in(list(bad)))


def _check_paths(context: Context) -> None:
    tables = ("materials", "recipes", "demand")
    if any(context.faulty_rows(table) or not context.is_whole(table) for table in tables):
        context.skipped.append(f"paths from mine to demand: {', '.join(tables)} have faults of their own")
        return
    materials, recipes, demand = (context.joined(table) for table in tables)
    rows = dict(context.own("materials").select("material_id", ROW).iter_rows())
    mined = materials.filter((pl.col("stage") == "mining") & (pl.col("kind") == "chain"))["material_id"].to_list()
    breaks = broken_paths(recipes, mined, frozenset(demand["material_id"]))
    together: dict[tuple[str, ...], list[str]] = {}
    for material, ends in breaks.items():
        together.setdefault(tuple(ends), []).append(material)
    for last, starts in together.items():
        rule = "reaches no demanded material; its path ends at " + ", ".join(last)
        mend = "add the recipe that takes the last of these further, or a demand for it"
        others = f" (as {', '.join(starts[1:])})" if starts[1:] else ""
        context.add("materials", rows.get(starts[0]), "material_id", starts[0], rule + others, mend)
    context.count("mined materials", len(mined))
    if not mined:
        context.skipped.append("paths from mine to demand: no material is mined")
