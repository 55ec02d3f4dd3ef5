"""Build the `world` package and the table of places from downloaded tables.

    python tools/build_world.py INPUT_DIR OUTPUT_DIR --outlines countries-110m.json --governance wgidataset.csv

INPUT_DIR holds mine_production_2018_2024.csv (World Mining Data), trade_2015_2024.parquet (BACI, HS 1992),
governance_political_stability.csv (World Bank), commodity_hs6.csv and hs6_descriptions.csv. What was decided by hand
(ids, contents, midstream lines, sources) lies in tools/world/. Running it again gives the same bytes.

Rules: BACI's "Other Asia, not elsewhere specified" (S19) is Taiwan, as CEPII documents; World Mining Data's R20 is
Kosovo (XKX). Any other code outside ISO 3166-1 is not a place: its trade is left out and counted in the report, its
governance is dropped. A figure whose origin the publisher flags as unknown counts as estimated. French Guiana is
printed as GUY in both files: of two gold rows the smaller, of two governance rows the first, is GUF (checked against
the labels of older editions; the governance rows of 2023 and 2024 are equal).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import polars as pl

from world_outlines import read_outlines

HERE = Path(__file__).parent / "world"
HS_VERSION = "HS1992"
ROLE_ORDER = {"primary": 0, "complementary": 1, "midstream": 2}
PLACE_CODES = {
    "S19": "TWN",
    "R20": "XKX",
    "ADO": "AND",
    "KSV": "XKX",
    "ROM": "ROU",
    "TMP": "TLS",
    "WBG": "PSE",
    "ZAR": "COD",
}
INDICATORS = {
    "vae": "voice_accountability",
    "gee": "government_effectiveness",
    "rqe": "regulatory_quality",
    "rle": "rule_of_law",
    "cce": "control_of_corruption",
}
STAGE_BY_CHAPTER = {
    "25": "mining",
    "26": "mining",
    "27": "mining",
    "28": "refining",
    "71": "smelting",
    "72": "smelting",
}
STAGE_BY_LINE = {
    **dict.fromkeys(("280450", "280480", "280490", "280530", "280540"), "smelting"),
    **dict.fromkeys(("711019", "711029", "711039", "711510"), "processing"),
}
# World totals of World Mining Data less all other rows; the publisher's rows for Guyana repeat French Guiana there.
GUYANA_GOLD_KG = {2023: 13440.0, 2024: 13501.0}
SHORT_NAMES = {
    "BES": "Bonaire, Sint Eustatius and Saba", "BOL": "Bolivia", "BRN": "Brunei", "COD": "DR Congo",
    "COG": "Congo", "FLK": "Falkland Islands", "FSM": "Micronesia", "GBR": "United Kingdom", "HKG": "Hong Kong",
    "IRN": "Iran", "KOR": "South Korea", "LAO": "Laos", "MAC": "Macao", "MDA": "Moldova", "NLD": "Netherlands",
    "PRK": "North Korea", "PSE": "Palestine", "RUS": "Russia", "SYR": "Syria", "TWN": "Taiwan", "TZA": "Tanzania",
    "USA": "United States", "VEN": "Venezuela", "VGB": "British Virgin Islands", "VIR": "US Virgin Islands",
    "VNM": "Vietnam",
}  # fmt: skip


def read_text(path: Path) -> pl.DataFrame:
    """Read a CSV with every cell as text, so that codes keep their zeros."""
    return pl.read_csv(path, infer_schema=False)


def places() -> pl.DataFrame:
    """Return ISO 3166-1 with short English names, and Kosovo under its user-assigned code."""
    import pycountry

    rows = [
        (c.alpha_3, SHORT_NAMES.get(c.alpha_3, getattr(c, "common_name", c.name)), c.numeric, "iso-3166")
        for c in pycountry.countries
    ]
    rows.append(("XKX", "Kosovo", None, "iso-3166"))
    return pl.DataFrame(sorted(rows), schema=["place_id", "name", "iso_numeric", "source_id"], orient="row")


def mine_production(inputs: Path, ids: pl.DataFrame) -> pl.DataFrame:
    """Return output by raw material, place and year in the publisher's unit; French Guiana apart from Guyana."""
    rows = pl.read_csv(inputs / "mine_production_2018_2024.csv").join(ids, on="commodity", how="left")
    guyana = (pl.col("commodity") == "Gold") & (pl.col("country") == "GUY")
    smaller = guyana & (pl.col("quantity").rank("ordinal").over("commodity", "country", "year") == 1)
    rows = rows.with_columns(
        country=pl.when(smaller).then(pl.lit("GUF")).otherwise(pl.col("country").replace(PLACE_CODES))
    )
    repeated = (pl.col("commodity") == "Gold") & (pl.col("country") == "GUY") & pl.col("year").is_in([*GUYANA_GOLD_KG])
    return (
        rows.with_columns(
            quantity=pl.when(repeated)
            .then(pl.col("year").replace_strict(GUYANA_GOLD_KG, default=None, return_dtype=pl.Float64))
            .otherwise(pl.col("quantity")),
            unit=pl.when(pl.col("basis").is_null()).then("unit").otherwise(pl.col("unit") + " " + pl.col("basis")),
            confidence=pl.when(repeated | (pl.col("flag") != "reported"))
            .then(pl.lit("estimated"))
            .otherwise(pl.lit("reported")),
            year=pl.col("year").cast(pl.Int16),
        )
        .select("raw_material_id", pl.col("country").alias("place_id"), "year", "quantity", "unit", "confidence")
        .sort("raw_material_id", "place_id", "year")
    )


def world_trade(inputs: Path, known: pl.Series) -> pl.DataFrame:
    """Return bilateral trade between places in gross tonnes and thousand USD, sorted by line and year."""
    rows = pl.read_parquet(inputs / "trade_2015_2024.parquet").with_columns(
        pl.col("hs6").cast(pl.String),
        *(pl.col(c).cast(pl.String).replace(PLACE_CODES) for c in ("exporter", "importer")),
    )
    kept = rows.filter(pl.col("exporter").is_in(known.implode()), pl.col("importer").is_in(known.implode()))
    print(f"world_trade: {rows.height - kept.height} of {rows.height} rows name something that is not a place")
    return kept.select("hs6", "year", "exporter", "importer", "quantity_t", "value_kusd").sort(
        "hs6", "year", "importer", "exporter"
    )


def governance(inputs: Path, others: Path | None, known: pl.Series) -> pl.DataFrame:
    """Return political stability from 2010 on, and where given the five other indicators of an older edition."""
    printed = pl.read_csv(inputs / "governance_political_stability.csv")
    is_first = pl.col("country").cum_count().over("country", "year") < pl.len().over("country", "year")
    stability = printed.select(
        pl.when(is_first & (pl.col("country") == "GUY")).then(pl.lit("GUF")).otherwise("country").alias("place_id"),
        "year",
        pl.lit("political_stability").alias("indicator"),
        pl.col("political_stability_estimate").alias("estimate"),
        pl.lit("wgi").alias("source_id"),
    )
    frames = [stability]
    if others is not None:
        wide = pl.read_csv(others, infer_schema_length=None).filter(pl.col("year") >= 2010)
        long = wide.rename({"code": "place_id"}).unpivot(
            [*INDICATORS], index=["place_id", "year"], variable_name="indicator", value_name="estimate"
        )
        frames.append(
            long.with_columns(pl.col("indicator").replace_strict(INDICATORS), pl.lit("wgi-2022").alias("source_id"))
        )
    rows = pl.concat(frames).with_columns(pl.col("place_id").replace(PLACE_CODES)).drop_nulls("estimate")
    return (
        rows.filter(pl.col("place_id").is_in(known.implode()))
        .with_columns(pl.col("year").cast(pl.Int16), pl.col("estimate").round(6).cast(pl.Float32))
        .sort("place_id", "indicator", "year")
    )


def stage_of(line: str) -> str:
    """Return the stage of a trade line from its HS chapter or from the table of exceptions."""
    return STAGE_BY_LINE.get(line, STAGE_BY_CHAPTER.get(line[:2], "smelting"))


def hs6_tables(inputs: Path, ids: pl.DataFrame, held: set[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the many-to-many table of raw materials and lines, and the texts of the lines."""
    texts = read_text(inputs / "hs6_descriptions.csv")
    chosen = read_text(inputs / "commodity_hs6.csv").join(ids, on="commodity").filter(pl.col("hs6") != "Not Available")
    primary = chosen.select("raw_material_id", "hs6", role=pl.lit("primary"))
    second = chosen.drop_nulls("hs6_complementary").select(
        "raw_material_id", pl.col("hs6_complementary").str.split(";").alias("hs6"), role=pl.lit("complementary")
    ).explode("hs6")  # fmt: skip
    mapped = pl.concat([primary, second]).with_columns(
        stage=pl.col("hs6").map_elements(stage_of, return_dtype=pl.String),
        hs_version=pl.lit(HS_VERSION),
        line_source=pl.lit("scrreen"),
    )
    between = read_text(HERE / "midstream.csv")
    midstream = between.select(
        "raw_material_id",
        "hs6",
        pl.lit("midstream").alias("role"),
        "stage",
        "hs_version",
        pl.lit("un-comtrade-hs").alias("line_source"),
    )
    lines = pl.concat([mapped, midstream.select(mapped.columns)]).join(
        read_text(HERE / "contents.csv"), on=["raw_material_id", "hs6"], how="left"
    )
    table = lines.select(
        "raw_material_id", "hs6", "hs_version", "role", "stage", "content",
        is_held=pl.when(pl.col("hs6").is_in(sorted(held))).then(pl.lit("true")).otherwise(pl.lit("false")),
        source_id=pl.when(pl.col("source_id").is_null() | (pl.col("source_id") == pl.col("line_source")))
        .then("line_source").otherwise(pl.col("line_source") + ";" + pl.col("source_id")),
        confidence=pl.col("confidence").fill_null("reported"),
        note="note",
    ).sort("raw_material_id", pl.col("role").replace_strict(ROLE_ORDER), "hs6")  # fmt: skip
    extra = between.select("hs6", "description", "hs_version").unique("hs6", keep="first", maintain_order=True)
    all_texts = pl.concat(
        [texts.with_columns(hs_version=pl.lit(HS_VERSION)), extra.filter(~pl.col("hs6").is_in(texts["hs6"].implode()))]
    )
    return table, all_texts.with_columns(source_id=pl.lit("un-comtrade-hs")).sort("hs6")


def raw_materials(inputs: Path) -> pl.DataFrame:
    """Return one row a raw material; a recycling rate only where a factsheet exists (0 elsewhere means no data)."""
    rows = read_text(inputs / "commodity_hs6.csv").join(
        read_text(HERE / "raw_materials.csv"), on="commodity", how="left"
    )
    has_rate = pl.col("has_eol_rir") == "true"
    return rows.select(
        "raw_material_id", pl.col("commodity").alias("name"), "category", "basis",
        trade_stage=pl.when(pl.col("hs6") != "Not Available")
        .then(pl.col("hs6").map_elements(stage_of, return_dtype=pl.String)),
        eol_rir=pl.when(has_rate).then("eol_rir_2023"),
        eol_rir_year=pl.when(has_rate).then(pl.lit("2023")),
        source_id=pl.when(has_rate).then(pl.lit("wmd2026;scrreen")).otherwise(pl.lit("wmd2026")),
        confidence=pl.lit("reported"),
        note="note",
    ).sort("raw_material_id")  # fmt: skip


def build(inputs: Path, output: Path, outlines: Path | None, others: Path | None, shared: Path | None) -> None:
    """Write every table of the package, and the places where a folder for shared tables is given."""
    output.mkdir(parents=True, exist_ok=True)
    named = places()
    ids = read_text(HERE / "raw_materials.csv").select("commodity", "raw_material_id", "basis")
    trade = world_trade(inputs, named["place_id"])
    lines, texts = hs6_tables(inputs, ids, set(trade["hs6"].unique()))
    csvs = {
        "raw_materials": raw_materials(inputs),
        "raw_material_hs6": lines,
        "hs6_lines": texts,
        "sources": read_text(HERE / "sources.csv"),
    }
    parquets = {
        "mine_production": mine_production(inputs, ids),
        "world_trade": trade,
        "governance": governance(inputs, others, named["place_id"]),
    }
    if outlines is not None:
        numbers = dict(named.drop_nulls("iso_numeric").select("iso_numeric", "place_id").iter_rows())
        parquets["outlines"] = read_outlines(outlines, numbers)
    for name, frame in csvs.items():
        frame.write_csv(output / f"{name}.csv")
    for name, frame in parquets.items():
        frame.write_parquet(output / f"{name}.parquet", compression="zstd", compression_level=19)
    if shared is not None:
        named.write_csv(shared / "places.csv")
    for name, frame in {**csvs, **parquets}.items():
        print(f"{name}: {frame.height} rows")


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(description="Build the world package from downloaded tables.")
    parser.add_argument("input_dir", type=Path, help="folder with the downloaded tables")
    parser.add_argument("output_dir", type=Path, help="folder of the world package")
    parser.add_argument("--outlines", type=Path, help="countries-110m.json of world-atlas (Natural Earth)")
    parser.add_argument(
        "--governance", type=Path, help="CSV of the six governance indicators, one row a place and year"
    )
    parser.add_argument("--shared", type=Path, help="folder of the shared tables, to write places.csv")
    options = parser.parse_args()
    build(options.input_dir, options.output_dir, options.outlines, options.governance, options.shared)


if __name__ == "__main__":
    main()
