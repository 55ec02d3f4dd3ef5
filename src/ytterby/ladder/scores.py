"""The scores of a metal's raw material that come from the world tables: GeoPolRisk and the recycling input rate."""

from __future__ import annotations

from typing import Any

import polars as pl

from ytterby.chain.chain import Chain

GEOPOLRISK = {
    "score": "score",
    "hhi": "hhi",
    "import_risk": "import_risk",
    "price_kusd_per_t": "price_kusd_per_t",
    "characterisation_factor": "characterisation_factor",
}
NOT_HELD = "the world tables hold no raw material of this name"
NO_ROW = "the reference method has no row without a trade line"


def raw_material_of(world: Chain, chain: Chain) -> str | None:
    """Return the id of the raw material that a chain is made of, where the world tables hold it."""
    name = str(chain.settings.get("raw_material", ""))
    return name if name in set(world.raw_materials["raw_material_id"]) else None


def geopolrisk_of(world: Chain, chain: Chain, bloc: str, year: int, *, method: str = "ytterby") -> dict[str, Any]:
    """Return the GeoPolRisk scores of a chain's raw material for a place or bloc.

    Where there is no score, the values are empty and `why` says the reason.
    """
    from ytterby.ladder.geopolrisk import NO_LINE, geopolrisk_table

    nothing: dict[str, Any] = dict.fromkeys(GEOPOLRISK)
    material = raw_material_of(world, chain)
    why = _out_of_reach(world, bloc, year)
    if material is None or why:
        return nothing | {"why": NOT_HELD if material is None else why}
    table = geopolrisk_table(
        world,
        blocs=world.blocs,
        years=[year],
        materials=[material],
        places=[bloc],
        method="geopolrisk-py" if method == "geopolrisk-py" else "ytterby",
    )
    if table.is_empty():
        return nothing | {"why": NO_ROW}
    row = table.row(0, named=True)
    scores = {name: row[column] for name, column in GEOPOLRISK.items()}
    return scores if scores["score"] is not None else scores | {"why": row["import_reliance_why"] or NO_LINE}


def _out_of_reach(world: Chain, bloc: str, year: int) -> str:
    """Return why the world tables cannot give a score for a place or bloc in a year, or an empty string."""
    years = world.mine_production["year"].unique().sort()
    if year not in set(years):
        return f"mine production is held for {years[0]} to {years[-1]}"
    if bloc == "WORLD":
        return "the world imports nothing"
    known = set(world.blocs["bloc_id"]) | set(world.places["place_id"])
    return "" if bloc in known else "the place is not one of the world tables"


def missing_lines(world: Chain, chain: Chain) -> tuple[str, ...]:
    """Return a note where trade lines of a chain's raw material are named but not held."""
    rows = world.raw_material_hs6.filter(
        pl.col("raw_material_id") == (raw_material_of(world, chain) or ""),
        pl.col("role") != "midstream",
        ~pl.col("is_held"),
    )
    if rows.is_empty():
        return ()
    lines = ", ".join(rows["hs6"].sort())
    return (f"Trade behind GeoPolRisk and import reliance is without line {lines}, which is not held.",)


def recycling_rate(world: Chain, chain: Chain) -> float:
    """Return the end-of-life recycling input rate of a chain's raw material; 0 where none is published."""
    material = raw_material_of(world, chain)
    rates = world.raw_materials.filter(pl.col("raw_material_id") == (material or ""))["eol_rir"].drop_nulls()
    return float(rates[0]) if len(rates) else 0.0
