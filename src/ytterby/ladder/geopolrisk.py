"""GeoPolRisk scores of every raw material for every place and bloc, in one pass.

Score = HHI R, R_j = sum_i g_i f_ij / (p_j + F_j), g = (2.5 - PV) / 5 within 0..1; characterisation factor = score
times price / 0.409412948 (kg Cu-equivalent per kg). Gemechu et al. (2015); Koyamparambath et al. (2024), doi
10.1016/j.resconrec.2024.107801. Trade in tonnes, values in thousand USD, production in the publisher's unit.
Two methods: `ytterby`, and `geopolrisk-py`, which repeats the habits of geopolrisk-py 2.0.1 (see `Rules`). Refused:
unknown raw materials, places, blocs, years. Trade of no named origin is not a place and has no row here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import polars as pl

from ytterby.errors import UnknownNameError
from ytterby.ladder.trade import LOWEST, MOSTLY_SOLD, NO_CONTENT, NO_USE, NOTHING
from ytterby.ladder.world_flows import (
    RULES,
    Rules,
    WorldTables,
    concentration_of,
    flows_of,
    lines_of,
    production_of,
)

Method = Literal["ytterby", "geopolrisk-py"]
COPPER_MIDPOINT = 0.409412948
KEYS = ["raw_material_id", "region_id", "year"]
TRADED = ("exports_t", "imports_t", "all_imports", "risky_imports", "unknown_imports", "gross", "value")
NO_LINE = "no trade line of its own"
NO_MEMBER = "the bloc has no member in the middle of that year"
NOT_COMPUTED = "not part of the reference method"


def geopolrisk_table(
    world: WorldTables,
    *,
    blocs: pl.DataFrame,
    years: Iterable[int],
    materials: Sequence[str] | None = None,
    places: Sequence[str] | None = None,
    method: Method = "ytterby",
) -> pl.DataFrame:
    """Return one row per raw material, place or bloc, and year.

    Columns: raw_material_id, region_id, year; hhi, import_risk, score (0..1); price_kusd_per_t;
    characterisation_factor (kg Cu-eq/kg); import_reliance (net, 1) with import_reliance_why where empty;
    production_t; imports_t and exports_t behind the reliance, of the lines of the primary line's stage (in the
    production basis where basis is "content", else gross), with trade inside a bloc counted in its imports only for
    the risk, which all lines enter; missing_governance_share of imports; basis; note.

    Args:
        world: tables of the world package.
        blocs: members of blocs, columns bloc_id, place_id, date_from, date_to.
        years: years to compute, within those of mine production.
        materials: raw material ids; all where not given.
        places: ids of places and blocs; all where not given.
        method: `ytterby`, or `geopolrisk-py` to repeat that tool's habits; it has no row without a trade line.

    Raises:
        UnknownNameError: an id, year or method that the tables do not hold.
    """
    if method not in RULES:
        raise UnknownNameError("method", method, RULES)
    rules = RULES[method]
    span = _known_years(world, years)
    chosen = _known_materials(world, materials)
    singles, joint, members = _regions(world, blocs, places, span, rules)
    lines = lines_of(world, chosen, rules)
    if method == "geopolrisk-py":
        chosen = [m for m in chosen if m in set(lines["raw_material_id"])]
    parts = [_one_year(world, chosen, lines, (singles, joint, members.filter(year=year)), year, rules) for year in span]
    return pl.concat(parts).sort(KEYS)


def _one_year(
    world: WorldTables,
    materials: list[str],
    lines: pl.DataFrame,
    regions: tuple[list[str], list[str], pl.DataFrame],
    year: int,
    rules: Rules,
) -> pl.DataFrame:
    """Return the rows of one year; years are done one by one to keep memory small."""
    singles, joint, members = regions
    flows = flows_of(world, lines, [year], rules)
    produced = production_of(world, materials, [year], rules)
    empty = [bloc for bloc in joint if bloc not in set(members["region_id"])]
    grid = _grid(materials, [*singles, *joint], year).with_columns(pl.col("region_id").is_in(empty).alias("is_empty"))
    table = (
        grid.join(concentration_of(world, materials, [year], rules), on=["raw_material_id", "year"], how="left")
        .join(_own(produced, singles, members), on=KEYS, how="left")
        .join(_imports(flows, singles, members), on=KEYS, how="left")
        .join(_exports(flows, singles, members), on=KEYS, how="left")
        .join(_line_notes(world, lines), on="raw_material_id", how="left")
    )
    return _scores(table, rules)


def _known_years(world: WorldTables, years: Iterable[int]) -> list[int]:
    """Return the years asked for, sorted, or refuse one that mine production does not cover."""
    span = sorted({int(year) for year in years})
    held = {int(year) for year in world.mine_production["year"].unique()}
    if not span:
        raise UnknownNameError("year", "none", [str(y) for y in sorted(held)])
    for year in span:
        if year not in held:
            raise UnknownNameError("year", str(year), [str(y) for y in sorted(held)])
    return span


def _known_materials(world: WorldTables, materials: Sequence[str] | None) -> list[str]:
    """Return the raw materials asked for, sorted, or all."""
    held = world.raw_materials["raw_material_id"].to_list()
    for material in materials or ():
        if material not in held:
            raise UnknownNameError("raw material", material, held)
    return sorted(set(held if materials is None else materials))


def _regions(
    world: WorldTables, blocs: pl.DataFrame, places: Sequence[str] | None, years: list[int], rules: Rules
) -> tuple[list[str], list[str], pl.DataFrame]:
    """Split what was asked for into single places, blocs, and the members of blocs by year."""
    bloc_ids = set(blocs["bloc_id"].unique())
    known = bloc_ids | set(world.mine_production["place_id"].unique())
    if places is None or not known.issuperset(places):
        known |= set(world.world_trade["exporter"].unique()) | set(world.world_trade["importer"].unique())
    asked = sorted(known) if places is None else list(dict.fromkeys(places))
    for region in asked:
        if region not in known and region not in world.governance["place_id"]:
            raise UnknownNameError("place or bloc", region, known)
    joint = [region for region in asked if region in bloc_ids]
    members = blocs.filter(pl.col("bloc_id").is_in(joint)).join(
        pl.DataFrame({"year": years}, schema={"year": pl.Int32}), how="cross"
    )
    if rules.dated_blocs:
        mid_year = pl.format("{}-07-01", pl.col("year"))
        joined = pl.col("date_from").is_null() | (pl.col("date_from").cast(pl.String) <= mid_year)
        stays = pl.col("date_to").is_null() | (pl.col("date_to").cast(pl.String) + "-99" >= mid_year)
        members = members.filter(joined & stays)
    else:
        members = members.filter(pl.col("date_to").is_null())
    members = members.select(pl.col("bloc_id").alias("region_id"), "place_id", "year").unique(maintain_order=True)
    return [region for region in asked if region not in bloc_ids], joint, members


def _grid(materials: list[str], regions: list[str], year: int) -> pl.DataFrame:
    """Return every combination of raw material and region in a year."""
    return (
        pl.DataFrame({"raw_material_id": materials}, schema={"raw_material_id": pl.String})
        .join(pl.DataFrame({"region_id": regions}, schema={"region_id": pl.String}), how="cross")
        .with_columns(pl.lit(year, dtype=pl.Int32).alias("year"))
    )


def _own(production: pl.DataFrame, singles: list[str], members: pl.DataFrame) -> pl.DataFrame:
    """Return own production by region."""
    alone = production.filter(pl.col("place_id").is_in(singles)).rename({"place_id": "region_id"})
    together = production.join(members, on=["place_id", "year"])
    return (
        pl.concat([alone.select(*KEYS, "production_t"), together.select(*KEYS, "production_t")])
        .group_by(KEYS)
        .agg(pl.col("production_t").sum())
    )


def _imports(flows: pl.DataFrame, singles: list[str], members: pl.DataFrame) -> pl.DataFrame:
    """Return imports by region: tonnes, gross, value, risk-weighted tonnes; trade inside a bloc bears no risk."""
    alone = flows.filter(pl.col("importer").is_in(singles)).with_columns(
        pl.col("importer").alias("region_id"), (pl.col("exporter") == pl.col("importer")).alias("is_inside")
    )
    inner = members.rename({"place_id": "exporter"}).with_columns(pl.lit(value=True).alias("is_inside"))
    together = (
        flows.join(members.rename({"place_id": "importer"}), on=["importer", "year"])
        .join(inner, on=["exporter", "year", "region_id"], how="left")
        .with_columns(pl.col("is_inside").fill_null(value=False))
    )
    outside = pl.col("quantity") * (~pl.col("is_inside"))
    sums = (
        pl.col("quantity").sum().alias("all_imports"),
        (outside * pl.col("risk")).sum().alias("risky_imports"),
        (outside * pl.col("is_unknown")).sum().alias("unknown_imports"),
        (pl.col("net") * (~pl.col("is_inside"))).sum().alias("imports_t"),
        pl.col("gross").sum(),
        pl.col("value").sum(),
    )
    return pl.concat([frame.group_by(KEYS).agg(sums) for frame in (alone, together)])


def _exports(flows: pl.DataFrame, singles: list[str], members: pl.DataFrame) -> pl.DataFrame:
    """Return exports by region to places outside it."""
    alone = flows.filter(pl.col("exporter").is_in(singles)).rename({"exporter": "region_id"})
    inner = members.rename({"place_id": "importer"})
    together = flows.join(members.rename({"place_id": "exporter"}), on=["exporter", "year"]).join(
        inner, on=["importer", "year", "region_id"], how="anti"
    )
    total = pl.col("net").sum().alias("exports_t")
    return pl.concat([frame.group_by(KEYS).agg(total) for frame in (alone, together)])


def _line_notes(world: WorldTables, lines: pl.DataFrame) -> pl.DataFrame:
    """Return the basis of each raw material's trade, and the lines that are named but not held."""
    missing = (
        world.raw_material_hs6.filter(pl.col("role") != "midstream", ~pl.col("is_held"))
        .group_by("raw_material_id")
        .agg(pl.col("hs6").cast(pl.String).sort().str.join(", "))
        .select("raw_material_id", pl.format("trade without line {}, which is not held", "hs6").alias("note"))
    )
    bases = lines.group_by("raw_material_id").agg(pl.col("net_basis").first().alias("basis"))
    return bases.join(missing, on="raw_material_id", how="left")


def _why_no_reliance(traded: pl.Expr, net: pl.Expr, consumption: pl.Expr) -> pl.Expr:
    """Return why there is no import reliance; empty where there is one."""
    return (
        pl.when(pl.col("is_empty"))
        .then(pl.lit(NO_MEMBER))
        .when(~traded)
        .then(pl.lit(NO_LINE))
        .when((pl.col("basis") == "gross") & (pl.col("production_t") > 0))
        .then(pl.lit(NO_CONTENT))
        .when(consumption <= 0)
        .then(pl.when(pl.col("exports_t") > 0).then(pl.lit(NO_USE)).otherwise(pl.lit(NOTHING)))
        .when(net / consumption < LOWEST)
        .then(pl.lit(MOSTLY_SOLD))
    )


def _scores(table: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Put the parts together; what is not known stays empty with its reason.

    With no own production all that is used is imported, so that reliance is 1 whatever the basis of trade; withheld
    where consumption is not above zero or reliance is below -1.
    """
    traded = pl.col("basis").is_not_null() & ~pl.col("is_empty")
    filled = table.with_columns(
        pl.col("production_t").fill_null(0.0), *(pl.when(traded).then(pl.col(c).fill_null(0.0)) for c in TRADED)
    )
    supply, imports = pl.col("production_t") + pl.col("all_imports"), pl.col("all_imports")
    net = pl.col("imports_t") - pl.col("exports_t")
    consumption = pl.col("production_t") + net
    reason = _why_no_reliance(traded, net, consumption)
    price_of_nothing = pl.when(traded & rules.prices_nothing_at_zero).then(0.0)
    scored = filled.with_columns(
        pl.when(traded)
        .then(pl.when(supply > 0).then(pl.col("risky_imports") / supply).otherwise(0.0))
        .alias("import_risk"),
        pl.when(pl.col("gross") > 0)
        .then(pl.col("value") / pl.col("gross"))
        .otherwise(price_of_nothing)
        .alias("price_kusd_per_t"),
        pl.when(imports > 0).then(pl.col("unknown_imports") / imports).alias("missing_governance_share"),
        (pl.lit(NOT_COMPUTED) if rules.prices_nothing_at_zero else reason).alias("import_reliance_why"),
    ).with_columns((pl.col("hhi") * pl.col("import_risk")).alias("score"))
    return scored.select(
        *KEYS,
        "hhi",
        "import_risk",
        "score",
        "price_kusd_per_t",
        (pl.col("score") * pl.col("price_kusd_per_t") / COPPER_MIDPOINT).alias("characterisation_factor"),
        pl.when(pl.col("import_reliance_why").is_null()).then(net / consumption).alias("import_reliance"),
        "import_reliance_why",
        "production_t",
        "imports_t",
        "exports_t",
        "missing_governance_share",
        "basis",
        "note",
    )
