"""The command `brief`: one page on a metal for a bloc."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ytterby.cli.output import print_json, progress

if TYPE_CHECKING:
    from ytterby.chain import Chain


def brief(
    metal: Annotated[str, typer.Argument(help="A metal, a raw material, or the folder of a package.")],
    bloc: Annotated[str, typer.Option("--for", help="Place or bloc that the page is for.")] = "EU",
    year: Annotated[int | None, typer.Option(help="Year; default the package's base year.")] = None,
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("."),
    corroborated: Annotated[
        bool,
        typer.Option("--corroborated", help="Leave out what rests on state-affiliated or single interested sources."),
    ] = False,
    draws: Annotated[int, typer.Option(min=1, help="Size of the ensemble behind the intervals.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the ensemble.")] = 0,
    plan: Annotated[
        Path | None,
        typer.Option(help="File of `ytterby plan --to`, also with --world both, for the same metal and bloc."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the paths as JSON alone.")] = False,
) -> None:
    """Write METAL-BLOC.html (opens offline, prints well) and METAL-BLOC.md with its figures.

    Example: ytterby brief tungsten --for EU
    """
    from ytterby.brief import brief as write
    from ytterby.errors import YtterbyError
    from ytterby.ladder import find_chain
    from ytterby.ladder import ladder as climb
    from ytterby.ladder.world import refuse_late

    if out.exists() and not out.is_dir():
        raise YtterbyError(f"'{out}' is no folder; name one to write to")
    chain = find_chain(metal)
    refuse_late(chain, year)
    held = None if plan is None else _read_plan(plan, chain, bloc)
    with progress(f"brief {chain.metal}", quiet=as_json) as report:
        result = climb(chain, year=year, bloc=bloc, draws=draws, seed=seed, corroborated=corroborated, progress=report)
        report(1.0, "writing the page")
        written = write(chain, result, bloc=bloc, out=out, plan=held)
    if as_json:
        print_json(
            {"html": str(written.html), "md": str(written.markdown), "figures": [str(p) for p in written.figures]}
        )
    else:
        typer.echo(str(written.html))


def _read_plan(path: Path, chain: Chain, bloc: str) -> dict[str, Any]:
    """Read a plan's file; refuse one of another metal or bloc."""
    from ytterby.chain.places import resolve_bloc
    from ytterby.errors import YtterbyError
    from ytterby.plan.replay import options_of

    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise YtterbyError(f"'{path}' is no JSON file: {error}") from error
    if "worth" in held and "integrated" in held:  # both worlds: the integrated one, with what is between them
        held = {**held["integrated"], "worlds": {name: held.get(name, {}) for name in ("worth", "umbrella")}}
    options = options_of(held)
    if chain.name not in held["manifest"]["packages"]:
        raise YtterbyError(f"'{path}' is a plan of {next(iter(held['manifest']['packages']))}, not of {chain.name}")
    if options.blocs[0] != resolve_bloc(chain, bloc):
        raise YtterbyError(f"'{path}' is a plan for {options.blocs[0]}; ask for the brief --for {options.blocs[0]}")
    return dict(held)
