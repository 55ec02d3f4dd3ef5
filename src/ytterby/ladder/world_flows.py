"""What GeoPolRisk reads of the world package: trade with risk, own production, concentration of production.

Trade is weighed in the production basis where the content of every line of a raw material is known (t of basis per
gross tonne), gross elsewhere; trade behind import reliance, of the lines of one stage, by the same rule for these
lines alone. Governance g = (2.5 - PV) / 5 within 0..1, 0.5 where no estimate exists. A million
cubic metres of gas count as 800 t (0.8 kg per cubic metre). `Rules` says where the two methods part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import polars as pl

RISK_OF_UNKNOWN = 0.5
GAS_T_PER_MILLION_M3 = 800.0
TONNES_PER_UNIT = {"t": 1.0, "kt": 1000.0, "kg": 0.001, "ct": 2e-7, "Mio": GAS_T_PER_MILLION_M3}


class WorldTables(Protocol):
    """What is read of the world package."""

    @property
    def mine_production(self) -> pl.DataFrame:
        """Output by raw material, place and year."""

    @property
    def world_trade(self) -> pl.DataFrame:
        """Bilateral trade by line and year."""

    @property
    def governance(self) -> pl.DataFrame:
        """Governance estimates."""

    @property
    def raw_materials(self) -> pl.DataFrame:
        """Raw materials."""

    @property
    def raw_material_hs6(self) -> pl.DataFrame:
        """Which lines stand for which raw material."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Where the two methods part.

    The reference casts production to whole units before HHI; keeps today's members of a bloc for all years; weighs
    trade gross; takes Taiwan as a place without governance; counts the value of flows of unknown quantity in the
    price, and prints price 0 where nothing was bought; adds million cubic metres of own gas to tonnes of trade; takes
    Guyana's governance and own gold from French Guiana's rows, which its tables also call Guyana; and prints trade of
    all lines of a basket together, where ours prints those of the first line's stage, which reliance rests on.
    """

    whole_units: bool
    dated_blocs: bool
    uses_content: bool
    taiwan_has_governance: bool
    values_without_quantity: bool
    prices_nothing_at_zero: bool
    gas_in_tonnes: bool
    guyana_as_printed: bool
    one_stage: bool


RULES: dict[str, Rules] = {
    "ytterby": Rules(False, True, True, True, False, False, True, False, True),
    "geopolrisk-py": Rules(True, False, False, False, True, True, False, True, False),
}


def lines_of(world: WorldTables, materials: list[str], rules: Rules) -> pl.DataFrame:
    """Return the held trade lines of each raw material with the weight of a gross tonne and the basis.

    `weight` counts for the risk, over all lines; `net_weight` and `net_basis` for reliance, over the lines of the
    primary line's stage alone (ores against ores): other lines have net weight 0.
    """
    lines = world.raw_material_hs6.filter(
        pl.col("raw_material_id").is_in(materials), pl.col("role") != "midstream", pl.col("is_held")
    )
    primary = pl.col("stage").filter(pl.col("role") == "primary").first().over("raw_material_id")
    is_net = (pl.col("stage") == primary).fill_null(value=True) if rules.one_stage else pl.lit(value=True)
    content = pl.col("content").cast(pl.Float64)
    lacks = content.is_null()
    known, net_known = (~part.any().over("raw_material_id") for part in (lacks, lacks & pl.col("is_net")))
    uses, net_uses = (known, net_known) if rules.uses_content else (pl.lit(value=False), pl.lit(value=False))
    net_weight = pl.when(net_uses).then(content).otherwise(1.0)
    return lines.with_columns(is_net.alias("is_net")).select(
        "raw_material_id",
        pl.col("hs6").cast(pl.String),
        pl.when(uses).then(content).otherwise(1.0).alias("weight"),
        pl.when("is_net").then(net_weight).otherwise(0.0).alias("net_weight"),
        pl.when(net_uses).then(pl.lit("content")).otherwise(pl.lit("gross")).alias("net_basis"),
    )


def flows_of(world: WorldTables, lines: pl.DataFrame, years: list[int], rules: Rules) -> pl.DataFrame:
    """Return trade by raw material, year, exporter and importer with the risk of the exporter."""
    stability = world.governance.filter(pl.col("indicator") == "political_stability")
    if not rules.taiwan_has_governance:
        stability = stability.filter(pl.col("place_id") != "TWN")
    if rules.guyana_as_printed:
        french = stability.filter(pl.col("place_id") == "GUF").with_columns(place_id=pl.lit("GUY"))
        stability = pl.concat([stability.filter(~pl.col("place_id").is_in(["GUY", "GUF"])), french])
    risk = stability.select(
        pl.col("place_id").alias("exporter"),
        pl.col("year").cast(pl.Int32),
        ((2.5 - pl.col("estimate").cast(pl.Float64)) / 5).clip(0, 1).alias("risk"),
    )
    trade = world.world_trade.filter(pl.col("hs6").is_in(lines["hs6"].unique().implode()), pl.col("year").is_in(years))
    known = pl.col("quantity_t").is_not_null()
    quantity = pl.col("quantity_t").cast(pl.Float64).fill_null(0.0)
    counted = pl.lit(value=True) if rules.values_without_quantity else known
    return (
        trade.with_columns(pl.col("year").cast(pl.Int32))
        .join(lines, on="hs6")
        .join(risk, on=["exporter", "year"], how="left")
        .select(
            "raw_material_id",
            "year",
            "exporter",
            "importer",
            quantity.alias("gross"),
            (quantity * pl.col("weight")).alias("quantity"),
            (quantity * pl.col("net_weight")).alias("net"),
            pl.when(counted).then(pl.col("value_kusd").cast(pl.Float64)).otherwise(0.0).alias("value"),
            pl.col("risk").fill_null(RISK_OF_UNKNOWN),
            pl.col("risk").is_null().alias("is_unknown"),
        )
    )


def production_of(world: WorldTables, materials: list[str], years: list[int], rules: Rules) -> pl.DataFrame:
    """Return own production in tonnes of the publisher's basis."""
    factors = TONNES_PER_UNIT if rules.gas_in_tonnes else {**TONNES_PER_UNIT, "Mio": 1.0}
    rows = world.mine_production.filter(pl.col("raw_material_id").is_in(materials), pl.col("year").is_in(years))
    factor = pl.col("unit").str.split(" ").list.first().replace_strict(factors, return_dtype=pl.Float64)
    tonnes = rows.select(
        "raw_material_id",
        "place_id",
        pl.col("year").cast(pl.Int32),
        (pl.col("quantity").cast(pl.Float64) * factor).alias("production_t"),
    )
    if not rules.guyana_as_printed:
        return tonnes
    is_gold = pl.col("raw_material_id") == "gold"
    printed = tonnes.filter(is_gold & (pl.col("place_id") == "GUF")).with_columns(place_id=pl.lit("GUY"))
    return pl.concat([tonnes.filter(~(is_gold & pl.col("place_id").is_in(["GUY", "GUF"]))), printed])


def concentration_of(world: WorldTables, materials: list[str], years: list[int], rules: Rules) -> pl.DataFrame:
    """Return HHI of world production by raw material and year."""
    quantity = pl.col("quantity").cast(pl.Float64).fill_null(0.0)
    rows = world.mine_production.filter(pl.col("raw_material_id").is_in(materials), pl.col("year").is_in(years))
    if rules.guyana_as_printed:
        repeated = (pl.col("raw_material_id") == "gold") & (pl.col("place_id") == "GUY") & (pl.col("year") >= 2023)
        french = pl.col("quantity").filter(pl.col("place_id") == "GUF").first().over("raw_material_id", "year")
        rows = rows.with_columns(pl.when(repeated).then(french).otherwise(pl.col("quantity")).alias("quantity"))
    if rules.whole_units:
        quantity = quantity.floor()
    return (
        rows.group_by("raw_material_id", pl.col("year").cast(pl.Int32))
        .agg((quantity**2).sum().alias("squares"), quantity.sum().alias("total"))
        .select(
            "raw_material_id",
            "year",
            pl.when(pl.col("total") > 0).then(pl.col("squares") / pl.col("total") ** 2).alias("hhi"),
        )
    )
