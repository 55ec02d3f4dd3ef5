"""Writes the template of a metal's package: the smallest set of tables that passes `check` and gives a ladder.

Every number in it is an example marked `assumed`, to be replaced; two invented countries with user-assigned codes hold
the example sites, so that nothing is claimed of a real one. CSV knows no comments: they stand in README.md, made from
the schema, and in the notes of the rows. Amounts are gross tonnes of the material. Refuses a folder that
holds a file, and the name of a packaged metal.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ytterby.chain.chain import NOT_METALS, data_folder, packaged_metals
from ytterby.chain.descriptor import naming, write_descriptor, write_text
from ytterby.chain.schema import Column, schema
from ytterby.errors import YtterbyError

EXAMPLE_YEAR = 2024
SPELLINGS = {"aluminum": "Al", "cesium": "Cs", "sulphur": "S"}
LICENCE = {
    "name": "CC-BY-4.0",
    "title": "Creative Commons Attribution 4.0",
    "path": "https://creativecommons.org/licenses/by/4.0/",
}
Row = Mapping[str, Any]


def write_template(metal: str, folder: Path) -> Path:
    """Write a commented template package for a metal, whole or not at all, and return its folder.

    Raises:
        YtterbyError: the metal's name makes no id or is that of a packaged metal, or the folder holds something.
    """
    name = "-".join(metal.strip().lower().replace("_", " ").split())
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise YtterbyError(
            f"'{metal}' makes no id: name the metal in letters and digits, such as cobalt or rare-earths"
        )
    if name.replace("-", "_") in (*packaged_metals(), *NOT_METALS):
        raise YtterbyError(
            f"'{name}' is the name of a package that ships with Ytterby: take another, such as my-{name}, "
            f"or start from its tables with: ytterby export {name}"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise YtterbyError(f"'{folder}' exists and is not an empty folder; name a new one")
    symbol = component_of(name)
    tables = _example_tables(name, symbol)
    with naming(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        for table, rows in tables.items():
            write_text(made / f"{table}.csv", _csv(table, rows))
        write_text(made / "datapackage.json", json.dumps(_descriptor(name, symbol), indent=1) + "\n")
        write_descriptor(made)
        write_text(made / "README.md", _readme(name, symbol, tables))
        made.chmod(0o755)
        made.replace(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return folder


def component_of(metal: str) -> str:
    """Return the symbol of a metal that is an element, else its name with a capital: cobalt is Co, solder Solder."""
    from molmass import ELEMENTS

    symbols = {element.name.lower(): element.symbol for element in ELEMENTS} | SPELLINGS
    return str(symbols.get(metal, metal.capitalize()))


def _descriptor(metal: str, symbol: str) -> dict[str, Any]:
    settings: dict[str, Any] = {"metal": metal}
    if metal in _raw_materials():
        settings["raw_material"] = metal
    settings |= {"components": {symbol: [symbol]}, "matter": "tracked", "base_year": EXAMPLE_YEAR}
    return {
        "name": metal,
        "title": f"{metal.capitalize()}: a template",
        "description": "Example rows, each assumed and to be replaced; README.md explains the tables.",
        "version": "0.1.0",
        "licenses": [LICENCE],
        "ytterby": settings,
    }


def _raw_materials() -> frozenset[str]:
    with (data_folder() / "world" / "raw_materials.csv").open(encoding="utf-8", newline="") as lines:
        return frozenset(row["raw_material_id"] for row in csv.DictReader(lines))


def _csv(table: str, rows: Sequence[Row]) -> str:
    text = io.StringIO()
    names = [column.name for column in schema()[table]]
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _example_tables(metal: str, symbol: str) -> dict[str, list[Row]]:
    source = f"{metal}-template"
    sourced: Row = {"source_id": source}
    note = {"confidence": "assumed", "note": "Example to replace: a round figure without evidence"}

    def rows(columns: str, *lines: str, assumed: bool = True) -> list[Row]:
        names = columns.split()
        cells = [[cell.strip().replace("~", metal) for cell in line.split("|")] for line in lines]
        common = {**sourced, **note} if assumed else sourced
        return [{**dict(zip(names, line, strict=True)), **common} for line in cells]

    return {
        "sources": [
            {
                "source_id": source,
                "title": "Example rows of the template",
                "publisher": "Replace by who published the document",
                "kind": "other",
                "note": "Example to replace: one row for every document that you read, with its address and terms",
            }
        ],
        "places": rows("place_id name", "XAA | Example land A", "XBB | Example land B", assumed=False),
        **_example_matter(rows, symbol),
        **_example_sites(rows),
    }


def _example_matter(rows: Any, symbol: str) -> dict[str, list[Row]]:
    return {
        "materials": rows(
            "material_id name stage kind form",
            "~-ore         | ~ ore, example grade         | mining   | chain | ore",
            "~-concentrate | ~ concentrate, example grade | mining   | chain | concentrate",
            "~-oxide       | ~ oxide, example purity      | refining | chain | oxide",
            "~-metal       | ~ metal, example purity      | smelting | chain | metal",
            "~-tailings    | ~ lost in tailings, counted as contained metal | mining   | loss | tailings",
            "~-residue     | ~ lost in residue, counted as contained metal  | refining | loss | residue",
            "~-slag        | ~ lost in slag, counted as contained metal     | smelting | loss | slag",
        ),
        "compositions": rows(
            "material_id component mass_fraction",
            f"~-ore         | {symbol} | 0.1",
            f"~-concentrate | {symbol} | 0.5",
            f"~-oxide       | {symbol} | 0.75",
            f"~-metal       | {symbol} | 1",
            f"~-tailings    | {symbol} | 1",
            f"~-residue     | {symbol} | 1",
            f"~-slag        | {symbol} | 1",
        ),
        "processes": rows(
            "process_id name stage",
            "~-concentration | Concentration of ~ ore | mining",
            "~-refining      | Refining to ~ oxide    | refining",
            "~-reduction     | Reduction to ~ metal   | smelting",
        ),
        "recipes": rows(
            "process_id material_id direction role t_per_t",
            "~-concentration | ~-ore         | in  | feed | 6.25",
            "~-concentration | ~-concentrate | out | main | 1",
            "~-concentration | ~-tailings    | out | loss | 0.125",
            "~-refining      | ~-concentrate | in  | feed | 1.6",
            "~-refining      | ~-oxide       | out | main | 1",
            "~-refining      | ~-residue     | out | loss | 0.05",
            "~-reduction     | ~-oxide       | in  | feed | 1.4",
            "~-reduction     | ~-metal       | out | main | 1",
            "~-reduction     | ~-slag        | out | loss | 0.05",
        ),
    }


def _example_sites(rows: Any) -> dict[str, list[Row]]:
    year = EXAMPLE_YEAR
    return {
        "facilities": rows(
            "facility_id name place_id",
            "~-example-mine     | Example mine     | XAA",
            "~-example-refinery | Example refinery | XBB",
            "~-example-smelter  | Example smelter  | XBB",
        ),
        "facility_status": rows(
            "facility_id date status",
            f"~-example-mine     | {year} | operating",
            f"~-example-refinery | {year} | operating",
            f"~-example-smelter  | {year} | operating",
        ),
        "facility_output": rows(
            "facility_id process_id material_id measure year quantity unit",
            f"~-example-mine     | ~-concentration | ~-concentrate | production | {year} | 100 | t",
            f"~-example-refinery | ~-refining      | ~-oxide       | capacity   | {year} | 80  | t",
            f"~-example-smelter  | ~-reduction     | ~-metal       | capacity   | {year} | 50  | t",
        ),
        "stage_output": rows(
            "material_id place_id year measure quantity unit",
            f"~-concentrate | XAA   | {year} | production | 100 | t",
            f"~-concentrate | XBB   | {year} | production | 60  | t",
            f"~-oxide       | WORLD | {year} | production | 100 | t",
        ),
        "demand": rows(
            "demand_id region_id material_id end_use year quantity unit share",
            f"~-world-{year} | WORLD | ~-metal | total | {year} | 70 | t | 1",
        ),
    }


def _readme(metal: str, symbol: str, tables: Mapping[str, Sequence[Row]]) -> str:
    others = ", ".join(f"`{table}`" for table in schema() if table not in tables)
    parts = [
        f"# {metal.capitalize()}: a package for Ytterby",
        f"A template: every row is an example marked `assumed`. Replace the rows of `{metal}-template` one by one, "
        "until no row names that source; then delete its row in `sources.csv`. The countries XAA and XBB are invented: "
        "write ISO 3166-1 alpha-3 codes, which Ytterby knows, and delete `places.csv`. "
        f"The tracked component is `{symbol}`; "
        "`datapackage.json` names it under `ytterby`, together with the base year.",
        "```sh\nytterby check .     # every fault with row and mend\nytterby ladder .    # who controls each step\n```",
        "Rules: a row has a source and a confidence (`measured`, `reported`, `estimated`, or `assumed` with the "
        "reasoning in `note`). What is not known stays empty, never 0. Sources that disagree are both kept under one "
        "`conflict_id`. "
        "Rates are per year. Percent is never stored: 12 % is 0.12. Losses are named, so that matter is conserved.",
    ]
    for table in tables:
        parts.append(f"## {table}.csv\n\n" + _column_table(schema()[table]))
    parts.append(f"## Further tables\n\nAdd what you know, one CSV a table with the columns of the schema: {others}.")
    return "\n\n".join(parts) + "\n"


def _column_table(columns: Sequence[Column]) -> str:
    lines = ["| column | type | unit | fill | what |", "|---|---|---|---|---|"]
    for column in columns:
        what = column.description
        if column.values and column.type == "enum":
            what += ": " + ", ".join(f"`{value}`" for value in column.values)
        if column.reference:
            what += f" (an id of {' or '.join(column.reference)})"
        fill = f"default `{column.default}`" if column.default else column.status
        lines.append(f"| `{column.name}` | {column.type} | {column.unit} | {fill} | {what} |")
    return "\n".join(lines)
