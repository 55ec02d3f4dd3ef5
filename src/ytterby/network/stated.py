"""Plant of a package that is taken at its word (`"demand": "complete"`): what its rows say, and nothing inferred.

A country's capacity of a material is its row of `stage_output`: its capacity of the last year up to the base year, else
its output over its stated utilisation (1 where none is). Sites count where the country has no such row. No total leaves
a rest at places that nobody names. t a year.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.conflicts import default_rows
from ytterby.chain.places import WORLD
from ytterby.network.figures import Figure
from ytterby.network.regions import Regions

Key = tuple[str, str]
KEY = ["material_id", "place_id", "measure"]
ORDER = ("measured", "reported", "estimated", "assumed")


def named_places(chain: Chain) -> set[str]:
    """Return every country that the package's rows of plant, lanes and use name."""
    output = chain.stage_output.filter(pl.col("place_id") != WORLD)["place_id"]
    used = chain.demand.filter(pl.col("quantity").is_not_null())["region_id"]
    columns = (chain.facilities["place_id"], output, chain.lanes["exporter"], chain.lanes["importer"], used)
    return {place for column in columns for place in column}


def stated_capacity(
    chain: Chain,
    year: int,
    factor: Callable[[str, str], float],
    regions: Regions,
    sites: Mapping[Key, Figure],
) -> dict[Key, Figure]:
    """Return capacity by material and region: rows of countries first, then the sites of countries without one.

    Args:
        chain: the chain.
        year: base year.
        factor: gross tonnes of a material per one of a unit.
        regions: the model's regions.
        sites: summed capacity of sites by material and country.
    """
    past = chain.stage_output.filter((pl.col("year") <= year) & (pl.col("place_id") != WORLD)).drop_nulls("quantity")
    latest = past.filter(pl.col("year") == pl.col("year").max().over(KEY))
    stated: dict[Key, dict[str, tuple[float, str, str]]] = {}
    columns = ("material_id", "place_id", "measure", "quantity", "unit", "confidence", "source_id")
    for material, place, measure, quantity, unit, confidence, source in (
        default_rows(chain, latest, KEY).select(columns).iter_rows()
    ):
        value = quantity if unit == "1" else quantity * factor(material, unit)
        stated.setdefault((material, place), {})[measure] = (value, confidence, source)
    found: dict[Key, Figure] = {}
    for (material, place), said in sorted(stated.items()):
        if "capacity" in said or "production" in said:
            t, confidence, source = said.get("capacity") or said["production"]
            if "capacity" not in said and "utilisation" in said:
                t /= max(said["utilisation"][0], 1e-6)
            _add(found, material, regions.of(place), Figure("capacity", "", t, "t/a", confidence, source))
    for (material, place), figure in sorted(sites.items()):
        if not {"capacity", "production"} & set(stated.get((material, place), {})):
            _add(found, material, regions.of(place), figure)
    return found


def _add(found: dict[Key, Figure], material: str, region: str, figure: Figure) -> None:
    before = found.get((material, region))
    t, sure, source = figure.value, figure.confidence, figure.source_id
    if before is not None:
        t += before.value
        sure = max(sure, before.confidence, key=ORDER.index)
        source = ";".join(dict.fromkeys([*before.source_id.split(";"), *source.split(";")]))
    found[material, region] = Figure("capacity", f"{material} in {region}", t, "t/a", sure, source)
