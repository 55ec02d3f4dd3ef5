"""Checks of units against what they measure: a mass, on a basis that the material holds.

A quantity in 't WO3' of a material can become gross tonnes only where the material's composition holds tungsten; '1' is
a ratio and no amount. Matter that is not tracked is not converted, so nothing is asked of its bases.
"""

from __future__ import annotations

import polars as pl

from ytterby.chain.check.context import ROW, Context
from ytterby.chain.schema import schema
from ytterby.chain.units import gross_factor, split_unit
from ytterby.errors import UnitError


def check_units(context: Context) -> None:
    """Check that every amount of a material can be turned into gross tonnes of it."""
    fractions: dict[str, dict[str, float]] = {}
    columns = context.joined("compositions").select("material_id", "component", "mass_fraction").drop_nulls()
    for material, component, fraction in columns.iter_rows():
        fractions.setdefault(material, {})[component] = fraction
    told = set(context.own("recipes")["material_id"])
    for table in context.package.tables:
        types = {column.name: column.type for column in schema()[table]}
        if types.get("unit") != "unit" or "material_id" not in types:
            continue
        frame = context.sound(table)
        if table != "stage_output":
            for row in frame.filter(pl.col("unit") == "1")[ROW]:
                context.add(table, row, "unit", "1", "is a ratio, not an amount", "write a mass unit and its basis")
        frame = frame.filter(pl.col("unit") != "1")
        for material, unit in frame.select("material_id", "unit").unique(maintain_order=True).iter_rows():
            if material not in fractions and material in told:
                continue  # the recipes say that its composition is missing
            problem = _problem(context, unit, fractions.get(material, {}))
            if problem:
                rows = frame.filter((pl.col("material_id") == material) & (pl.col("unit") == unit))[ROW]
                for row in rows:
                    context.add(table, row, "unit", unit, "does not fit the material", problem)
        context.count("units", frame.height)


def _problem(context: Context, unit: str, composition: dict[str, float]) -> str:
    """Return why a unit cannot be turned into gross tonnes of a material, or an empty string."""
    _, basis = split_unit(unit)
    if not basis or context.is_untracked or not context.components or not context.is_whole("compositions"):
        return ""
    try:
        gross_factor(unit, composition, context.components)
    except UnitError as error:
        return f"{error}; write the gross mass, or add its composition"
    return ""
