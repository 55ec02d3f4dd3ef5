"""The command `brief`: one page on a metal for a bloc."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ytterby.cli.output import print_json, progress


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
    with progress(f"brief {chain.metal}", quiet=as_json) as report:
        result = climb(chain, year=year, bloc=bloc, draws=draws, seed=seed, corroborated=corroborated, progress=report)
        report(1.0, "writing the page")
        written = write(chain, result, bloc=bloc, out=out)
    if as_json:
        print_json(
            {"html": str(written.html), "md": str(written.markdown), "figures": [str(p) for p in written.figures]}
        )
    else:
        typer.echo(str(written.html))
