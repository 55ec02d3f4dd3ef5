"""Commands on where numbers come from and where they go: sources, export."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ytterby.cli.output import print_json, print_table


class Kind(StrEnum):
    """File format of an export."""

    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"


def sources(
    metal: Annotated[str, typer.Argument(help="A metal, a raw material, or the folder of a package.")],
    table: Annotated[str, typer.Option(help="Print the numbers of this table alone.")] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print every number with its provenance as JSON alone.")
    ] = False,
) -> None:
    """Where each number comes from: its source, who published it, of which class, how sure.

    Example: ytterby sources tungsten --table prices
    """
    import polars as pl

    from ytterby.chain.provenance import provenance
    from ytterby.errors import UnknownNameError
    from ytterby.ladder import find_chain

    rows = provenance(find_chain(metal))
    if table:
        if table not in set(rows["table"]):
            raise UnknownNameError("table with numbers", table, sorted(set(rows["table"])))
        rows = rows.filter(pl.col("table") == table)
    if as_json:
        print_json(rows.to_dicts())
        return
    if table:
        shown = rows.select("key", "column", "value", "unit", "confidence", "class", "publisher", "source_id")
    else:
        shown = (
            rows.group_by("table", "confidence", "class")
            .agg(pl.len().alias("numbers"))
            .sort("table", "confidence", "class")
        )
    print_table(
        f"{rows.height:,} numbers of {metal}", shown.columns, [[_cell(v) for v in row] for row in shown.iter_rows()]
    )


def _cell(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def export(
    metal: Annotated[str, typer.Argument(help="A metal, a raw material, or the folder of a package.")],
    to: Annotated[Kind, typer.Option("--to", help="csv, parquet or xlsx.")] = Kind.CSV,
    out: Annotated[
        Path | None, typer.Option(help="Folder, or file for xlsx; default METAL-tables or METAL.xlsx.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the path as JSON alone.")] = False,
) -> None:
    """Write all tables of a metal, with its shared rows and a table of columns, as CSV, Parquet or one Excel workbook.

    Example: ytterby export tungsten --to xlsx
    """
    from ytterby.chain.export import export_chain
    from ytterby.ladder import find_chain

    chain = find_chain(metal)
    target = out or Path(f"{chain.metal}.xlsx" if to is Kind.XLSX else f"{chain.metal}-tables")
    path = export_chain(chain, target, to.value)
    if as_json:
        print_json({"path": str(path)})
    else:
        typer.echo(str(path))
