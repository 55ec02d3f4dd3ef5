"""The command `plan`: what a bloc must build, train and stock, at least cost for the world."""

from __future__ import annotations

import json
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ytterby.cli.files import read_results, refuse_file
from ytterby.cli.output import print_json, print_table, progress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ytterby.chain import Chain
    from ytterby.plan import Options, PlanResult

BINDING = 12
LAST = 2045


class ResearchMode(StrEnum):
    """How research enters the plan."""

    ODDS = "odds"
    OUTCOMES = "outcomes"
    NONE = "none"


class WorldMode(StrEnum):
    """Who decides."""

    INTEGRATED = "integrated"
    FRAGMENTED = "fragmented"
    BOTH = "both"


Metal = Annotated[str, typer.Argument(help="A metal or the folder of a package; not needed with --replay.")]
Bloc = Annotated[str, typer.Option("--for", help="Place or bloc that may build and train.")]
Also = Annotated[list[str] | None, typer.Option("--with", help="A further place or bloc that may; may be given again.")]
Until = Annotated[int, typer.Option(help="Last year of the plan.")]
Target = Annotated[str | None, typer.Option(help="Group of targets, such as crma.")]
Year = Annotated[int | None, typer.Option(help="Base year; default the package's.")]
Periods = Annotated[int, typer.Option(help="Years a period; 1 plans year by year.")]
Discount = Annotated[float | None, typer.Option(help="Discount rate a year; default that of table norms.")]
Draws = Annotated[int, typer.Option(min=0, help="Times the plan is solved again with drawn figures.")]
Seed = Annotated[int, typer.Option(help="Seed of the draws.")]
Budget = Annotated[
    float | None, typer.Option(min=0, help="Million USD a year for construction, instead of table budgets.")
]
Cover = Annotated[float | None, typer.Option(min=0, help="Days of use that the bloc must hold in stock.")]
ControllerCap = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="Most that one controller may hold of each stage's supply, 0 to 1."),
]
LostUse = Annotated[float, typer.Option(min=0, help="Factor on the value of lost use.")]
WholePlants = Annotated[bool, typer.Option("--whole-plants", help="Build in plants of typical size.")]
NoPeople = Annotated[bool, typer.Option("--no-people", help="Leave out crews, schools and hiring.")]
NoMoney = Annotated[bool, typer.Option("--no-money", help="Leave out budgets.")]
NoControls = Annotated[bool, typer.Option("--no-controls", help="Leave out bans, quotas, tariffs.")]
NoBuildRates = Annotated[bool, typer.Option("--no-build-rates", help="Leave out limits on building.")]
Plain = Annotated[
    bool, typer.Option("--plain", help="All of these, and no fit to the base year: the least-cost network flow.")
]
TimeLimit = Annotated[float | None, typer.Option(min=0, help="Seconds for the solver.")]
Gap = Annotated[float | None, typer.Option(min=0, help="Gap at which --whole-plants may stop, 0.01 for 1 %.")]
Research = Annotated[
    ResearchMode, typer.Option(help="Programmes at fixed odds, with outcomes unknown until they end, or none.")
]
Programme = Annotated[
    list[str] | None, typer.Option(help="A research programme to decide on, up to six; default all that could be used.")
]
World = Annotated[WorldMode, typer.Option(help="One planner, each owner alone, or both and what is between them.")]
Margin = Annotated[float, typer.Option(min=0, help="With --world: share of the price that upstream adds.")]
Umbrella = Annotated[
    list[str] | None,
    typer.Option(help="With --world: a bloc that plans together while the rest does not; again for more."),
]
To = Annotated[Path | None, typer.Option(help="File to write the whole result to, as JSON.")]
Iamc = Annotated[Path | None, typer.Option(help="File in IAMC format to write, .csv or .xlsx.")]
Figures = Annotated[Path | None, typer.Option(help="Folder to write the figures to, as SVG.")]
Replay = Annotated[Path | None, typer.Option(help="File of --to: plan again as it says, and compare.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON alone.")]


def plan(
    metal: Metal = "",
    bloc: Bloc = "EU",
    also: Also = None,
    until: Until = LAST,
    target: Target = None,
    year: Year = None,
    periods: Periods = 1,
    discount: Discount = None,
    draws: Draws = 30,
    seed: Seed = 0,
    budget: Budget = None,
    cover: Cover = None,
    controller_cap: ControllerCap = None,
    lost_use: LostUse = 1.0,
    whole_plants: WholePlants = False,
    no_people: NoPeople = False,
    no_money: NoMoney = False,
    no_controls: NoControls = False,
    no_build_rates: NoBuildRates = False,
    plain: Plain = False,
    research: Research = ResearchMode.ODDS,
    programme: Programme = None,
    world: World = WorldMode.INTEGRATED,
    margin: Margin = 0.1,
    umbrella: Umbrella = None,
    time_limit: TimeLimit = None,
    gap: Gap = None,
    to: To = None,
    iamc: Iamc = None,
    figures: Figures = None,
    replay: Replay = None,
    as_json: AsJson = False,
) -> None:
    """What a bloc must build, train and stock, what binds, and what one more unit of it is worth.

    Examples: ytterby plan rare_earths --for EU --until 2045 --target crma, or
    ytterby plan tungsten --for USA --no-people --draws 0
    """
    given = locals()
    if replay is not None:
        return _replay(metal, replay, as_json)
    _refuse(metal, figures, iamc)
    options = _families(_options(given), plain, no_people, no_money, no_controls, no_build_rates)
    if world is not WorldMode.INTEGRATED:
        from ytterby.cli.worlds import compare

        return compare(
            metal, options, margin, umbrella or [], to, only_fragmented=world.value != "both", as_json=as_json
        )
    chain, result = _run(metal, options, is_quiet=as_json)
    return _tell(result, _write(chain, result, to, iamc, figures), as_json)


def _options(given: Mapping[str, Any]) -> Options:
    """Return the options of a plan from what was given on the command line."""
    from ytterby.plan import Options

    same = ("until", "target", "year", "discount", "draws", "seed", "controller_cap", "lost_use", "whole_plants")
    programmes = given["programme"]
    return Options(
        blocs=(given["bloc"], *(given["also"] or ())),
        **{name: given[name] for name in (*same, "time_limit", "gap")},
        period=given["periods"],
        budget_musd=given["budget"],
        cover_days=given["cover"],
        research=given["research"].value,
        programmes=None if programmes is None else tuple(programmes),
    )


def _tell(result: PlanResult, written: list[Path], as_json: bool) -> None:
    if as_json:
        print_json(result.to_dict())
        return
    _print(result)
    for path in written:
        typer.echo(str(path))


def _families(
    options: Options, plain: bool, no_people: bool, no_money: bool, no_controls: bool, no_build_rates: bool
) -> Options:
    """Leave out families of constraints; plain leaves out all of them and the fit to the base year."""
    return replace(
        options,
        people=not (no_people or plain),
        money=not (no_money or plain),
        controls=not (no_controls or plain),
        build_rates=not (no_build_rates or plain),
        calibrate=not plain,
        fit=not plain,
    )


def _refuse(metal: str, figures: Path | None, iamc: Path | None) -> None:
    """Refuse a call without a metal, and what cannot be written, before any work is done."""
    from ytterby.plan.iamc import refuse_ending

    if not metal:
        raise typer.BadParameter("name a metal or the folder of a package", param_hint="METAL")
    refuse_file(figures)
    if iamc is not None:
        refuse_ending(iamc)


def _run(
    metal: str, options: Options, *, is_quiet: bool, held: Mapping[str, Any] | None = None
) -> tuple[Chain, PlanResult]:
    from ytterby.ladder import find_chain
    from ytterby.plan import plan as run
    from ytterby.plan.replay import refuse_changed

    chain = find_chain(metal)
    if held is not None:
        refuse_changed(chain, held)
    with progress(f"plan {chain.metal}", quiet=is_quiet) as report:
        report(0.0, "building and solving")
        return chain, run(chain, options, progress=report)


def _write(chain: Chain, result: PlanResult, to: Path | None, iamc: Path | None, figures: Path | None) -> list[Path]:
    """Write the files that are asked for, each under a temporary name first; return their paths."""
    from ytterby.chain.descriptor import write_bytes

    written = []
    if to is not None:
        text = json.dumps(result.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
        written.append(write_bytes(to, f"{text}\n".encode()))
    if iamc is not None:
        from ytterby.plan.iamc import write_iamc

        names = dict(chain.materials.select("material_id", "name").iter_rows())
        written.append(write_iamc(result, iamc, names | dict(chain.processes.select("process_id", "name").iter_rows())))
    if figures is not None:
        from ytterby.brief.plan_page import write_figures

        written += write_figures(chain, result.to_dict(), figures)
    return written


def _replay(metal: str, path: Path, as_json: bool) -> None:
    """Plan again as a file says and tell whether cost and builds agree; exit code 1 where they do not."""
    from ytterby.plan.replay import compare, options_of

    held = read_results(path)
    options = options_of(held)
    _, result = _run(metal or next(iter(held["manifest"]["packages"])), options, is_quiet=as_json, held=held)
    found = compare(result, held)
    if as_json:
        print_json(found.to_dict())
    elif found.agrees:
        typer.echo(f"Cost and builds agree: {found.objective_usd:,.0f} USD, {found.builds} builds.")
    else:
        typer.echo(f"Cost: {found.held_objective_usd:,.0f} USD then, {found.objective_usd:,.0f} USD now.")
        for line in found.differing:
            typer.echo(line)
    if not found.agrees:
        raise typer.Exit(1)


def _print(result: PlanResult) -> None:
    import polars as pl

    from ytterby.plan.words import binding_groups, build_groups, sentences

    def years(first: int, last: int) -> str:
        return f"{first} to {last}" if last > first else str(first)

    typer.echo(f"{result.metal} for {result.bloc}, {result.year} to {result.until}: {result.status}\n")
    for line in sentences(result, beside_tables=True):
        typer.echo(line)
    builds = build_groups(result)
    if not builds.is_empty():
        typer.echo()
        print_table(
            "Builds",
            ["process", "place", "decided", "first ready", "t/a", "share of draws"],
            [
                (process, place, years(first, last), str(ready), f"{t:,.0f}", "" if share is None else f"{share:.0%}")
                for process, place, t, first, last, ready, share in builds.iter_rows()
            ],
            right=(3, 4, 5),
        )
    binding = binding_groups(result).head(BINDING)
    if not binding.is_empty():
        typer.echo()
        print_table(
            "What binds: worth of one more unit in every year in which it does, discounted",
            ["constraint", "place", "years", "USD", "unit"],
            [
                (
                    kind if kind.endswith(f" {what}") else f"{kind} {what}",
                    place,
                    years(first, last),
                    f"{usd:,.0f}",
                    unit,
                )
                for kind, what, place, unit, first, last, usd in binding.iter_rows()
            ],
            right=(3,),
        )
    worth = result.tables["worth"]
    if not worth.is_empty():
        shown = worth.filter(pl.col("worth_usd") > 0).select("unit", "what", "place", "worth_usd")
        rows = [(unit, what, place, f"{usd:,.0f}") for unit, what, place, usd in shown.iter_rows()]
        typer.echo()
        print_table("What one more is worth", ["one more", "of", "place", "USD"], rows, right=(3,))
