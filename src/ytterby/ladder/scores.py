"""The scores of a metal's raw material that come from the world tables: GeoPolRisk and the recycling input rate."""

from __future__ import annotations

import polars as pl

from ytterby.chain.chain import Chain

GEOPOLRISK = {
    "score": "score",
    "hhi": "hhi",
    "import_risk": "import_risk",
    "price_kusd_per_t": "price_kusd_per_t",
    "characterisation_factor": "characterisation_factor",
}


def raw_material_of(world: Chain, chain: Chain) -> str | None:
    """Return the id of the raw material that a chain is made of, where the world tables hold it."""
    name = str(chain.settings.get("raw_material", ""))
    return name if name in set(world.raw_materials["raw_material_id"]) else None


def geopolrisk_of(
    world: Chain, chain: Chain, bloc: str, year: int, *, method: str = "ytterby"
) -> dict[str, float | None]:
    """Return the GeoPolRisk scores of a chain's raw material for a place or bloc; empty values where there are none."""
    from ytterby.ladder.geopolrisk import geopolrisk_table

    nothing: dict[str, float | None] = dict.fromkeys(GEOPOLRISK)
    material = raw_material_of(world, chain)
    years = set(world.mine_production["year"].unique())
    known = set(world.blocs["bloc_id"]) | set(world.places["place_id"])
    if material is None or year not in years or bloc not in known:
        return nothing
    table = geopolrisk_table(
        world,
        blocs=world.blocs,
        years=[year],
        materials=[material],
        places=[bloc],
        method="geopolrisk-py" if method == "geopolrisk-py" else "ytterby",
    )
    if table.is_empty():
        return nothing
    row = table.row(0, named=True)
    return {name: row[column] for name, column in GEOPOLRISK.items()}


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
