"""The command `shock`: stop something and see who runs short of what, when."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ytterby.cli.files import refuse_file
from ytterby.cli.output import print_json, print_table, progress

if TYPE_CHECKING:
    from ytterby.shock import ShockOptions, ShockResult

ROWS = 15


def shock(
    metal: Annotated[str, typer.Argument(help="A metal or the folder of a package.")],
    stop: Annotated[
        list[str] | None,
        typer.Option(help="What stops, such as owner:china-minmetals, place:CHN, site:ID, lane:CHN>JPN, material:apt."),
    ] = None,
    each: Annotated[str | None, typer.Option(help="Stop each place, owner, site or stage in turn.")] = None,
    stage: Annotated[list[str] | None, typer.Option(help="Only at this stage; may be given again.")] = None,
    material: Annotated[list[str] | None, typer.Option(help="Only this material; may be given again.")] = None,
    months: Annotated[float, typer.Option(help="Months that it stops.")] = 12.0,
    depth: Annotated[float, typer.Option(help="Part that stops, 0 to 1.")] = 1.0,
    start: Annotated[float, typer.Option(help="Month in which it stops.")] = 0.0,
    ramp: Annotated[float, typer.Option(help="Months that it takes to come back.")] = 0.0,
    runs: Annotated[int, typer.Option(help="Scenarios a stop; 1: every number at its point.")] = 1000,
    horizon: Annotated[int, typer.Option(help="Months to look at.")] = 60,
    cover: Annotated[float, typer.Option(help="Days of cover where none are stated.")] = 30.0,
    rationing: Annotated[
        str, typer.Option(help="Who is served first: proportional, domestic, own-group, contract.")
    ] = "proportional",
    shift: Annotated[float, typer.Option(help="Part of what fails that is ordered elsewhere, a month.")] = 0.5,
    overtime: Annotated[float, typer.Option(help="Capacity beyond the usual, as a part of it.")] = 0.0,
    release: Annotated[float, typer.Option(help="Part of a government stockpile released a month.")] = 0.0,
    year: Annotated[int | None, typer.Option(help="Base year; default the package's.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the draws.")] = 0,
    workers: Annotated[int, typer.Option(help="Threads; the numbers do not depend on it.")] = 1,
    no_bound: Annotated[
        bool, typer.Option("--no-bound", help="Leave out the comparison with perfect foresight.")
    ] = False,
    resume: Annotated[Path | None, typer.Option(help="File of finished chunks, to go on from and to write to.")] = None,
    figures: Annotated[Path | None, typer.Option(help="Folder to write the figures to, as SVG.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON alone.")] = False,
) -> None:
    """Stop a place, an owner, a site, a stage, a lane or a material: who runs short of what, when, with intervals.

    Examples: ytterby shock tungsten --stop owner:china-minmetals --stage refining --months 12, or
    ytterby shock rare_earths --each owner
    """
    from ytterby.shock import Rules, ShockOptions, Stop

    refuse_file(figures)
    rules = Rules(rationing=rationing, shift=shift, overtime=overtime, release=release)
    options = ShockOptions(
        stops=tuple(stop or ()),
        each=each,
        stages=tuple(stage or ()),
        materials=tuple(material or ()),
        stop=Stop(months=months, depth=depth, start=start, ramp=ramp),
        rules=rules,
        runs=runs,
        horizon=horizon,
        seed=seed,
        cover_days=cover,
        year=year,
        bound=not no_bound,
    )
    result = _run(metal, options, workers, resume, is_quiet=as_json)
    _show(result, figures, as_json=as_json)


def _run(metal: str, options: ShockOptions, workers: int, resume: Path | None, *, is_quiet: bool) -> ShockResult:
    from ytterby.ladder import find_chain
    from ytterby.shock import shock as run

    chain = find_chain(metal)
    with progress(f"shock {chain.metal}", quiet=is_quiet) as report:
        report(0.0, "solving the base year")
        return run(chain, options, workers=workers, resume=resume, progress=report)


def _show(result: ShockResult, figures: Path | None, *, as_json: bool) -> None:
    """Write the figures and print the result."""
    written = []
    if figures is not None:
        from ytterby.shock.figures import write_figures

        written = write_figures(result, figures)
    if as_json:
        print_json(result.to_dict())
        return
    _print(result)
    for path in written:
        typer.echo(str(path))


def _print(result: ShockResult) -> None:
    from ytterby.shock.words import months, percent

    for line in (*result.summary(), *result.notes):
        typer.echo(line)
    use = result.tables["use"].sort("unmet_share_p50", "bloc", "end_use", descending=[True, False, False])
    columns = (
        "bloc",
        "end_use",
        "unmet_t_p50",
        "unmet_share_p05",
        "unmet_share_p50",
        "unmet_share_p95",
        "shortage_p50",
    )
    typer.echo()
    print_table(
        f"{result.metal}: use unmet over {result.horizon} months ('all' in t of metal)",
        ["bloc", "end use", "t", "5 %", "median", "95 %", "short after, months"],
        [
            (bloc, name, f"{t:,.0f}", percent(low), percent(middle), percent(high), months(short))
            for bloc, name, t, low, middle, high, short in use.select(columns).head(ROWS).iter_rows()
        ],
        right=(2, 3, 4, 5, 6),
    )
    ranking = result.tables["ranking"]
    if ranking.height > 1:
        typer.echo()
        print_table(
            "Chokepoints: use lost",
            ["stop", "5 %", "median", "95 %", "short after, months", "back after, months"],
            [
                (name, percent(low), percent(middle), percent(high), months(short), months(back))
                for name, low, middle, high, short, back in ranking.head(ROWS).iter_rows()
            ],
            right=(1, 2, 3, 4, 5),
        )
