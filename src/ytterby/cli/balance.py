"""The command `balance`: one mass-balanced year of a metal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ytterby.cli.files import refuse_file
from ytterby.cli.output import print_json, print_table, progress

if TYPE_CHECKING:
    from ytterby.balance import BalanceResult

ROWS = 15


def balance(
    metal: Annotated[str, typer.Argument(help="A metal, a raw material, or the folder of a package.")],
    year: Annotated[int | None, typer.Option(help="Year; default the package's base year.")] = None,
    draws: Annotated[
        int, typer.Option(min=2, help="Size of the ensemble behind deviations of bounded figures.")
    ] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the ensemble.")] = 0,
    out: Annotated[Path | None, typer.Option(help="File to write the result to, as JSON.")] = None,
    figures: Annotated[Path | None, typer.Option(help="Folder to write the Sankey diagram to.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON alone.")] = False,
) -> None:
    """Join a year's production, trade, capacity and use that disagree: adjusted figures, flags, inferred flows.

    Example: ytterby balance tungsten --year 2023
    """
    from ytterby.balance import balance as run
    from ytterby.chain.descriptor import write_text
    from ytterby.ladder import find_chain

    refuse_file(figures)
    chain = find_chain(metal)
    with progress(f"balance {chain.metal}", quiet=as_json) as report:
        report(0.1, "reading and solving")
        result = run(chain, year=year, draws=draws, seed=seed)
    if out is not None:
        write_text(out, json.dumps(result.to_dict(), indent=1, ensure_ascii=False, allow_nan=False))
    if figures is not None:
        from ytterby.brief.figures.balance_sankey import write_sankey

        path = write_sankey(chain, result, figures)
        if not as_json:
            typer.echo(str(path))
    if as_json:
        print_json(result.to_dict())
    else:
        _print(result)


def _print(result: BalanceResult) -> None:
    import polars as pl

    from ytterby.balance.words import tonnes, what

    rows = [
        (
            what(row, result.names),
            f"{row['stated']:.4g}" if row["kind"] == "coefficient" else tonnes(row["stated"]),
            f"{row['adjusted']:.4g}" if row["kind"] == "coefficient" else tonnes(row["adjusted"]),
            f"{row['adjustment_sd']:+.1f}",
        )
        for row in result.tables["observations"].filter(pl.col("kind") != "stock").head(ROWS).to_dicts()
    ]
    print_table(
        f"{result.metal}, {result.year}: largest adjustments",
        ["figure", "stated", "adjusted", "standard deviations"],
        rows,
        right=(1, 2, 3),
    )
    for line in (*result.summary(), *result.notes):
        typer.echo(line)
