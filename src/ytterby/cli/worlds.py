"""What `ytterby plan --world` prints: the integrated and the fragmented world, and what is between them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ytterby.cli.output import print_json, print_table, progress

if TYPE_CHECKING:
    from ytterby.plan import Options
    from ytterby.plan.worlds import WorldsResult


def compare(
    metal: str,
    options: Options,
    margin: float,
    umbrella: list[str],
    to: Path | None,
    *,
    only_fragmented: bool,
    as_json: bool,
) -> None:
    """Compare both worlds, or print the fragmented one alone."""
    from ytterby.chain.descriptor import write_bytes
    from ytterby.ladder import find_chain
    from ytterby.plan.worlds import two_worlds

    chain = find_chain(metal)
    with progress(f"worlds of {chain.metal}", quiet=as_json) as report:
        result = two_worlds(chain, options, margin=margin, umbrella=umbrella, progress=report)
    held = result.fragmented.to_dict() if only_fragmented else result.to_dict()
    if to is not None:
        write_bytes(to, json.dumps(held, ensure_ascii=False, indent=1).encode())
    if as_json:
        print_json(held)
    elif only_fragmented:
        for line in result.fragmented.summary():
            typer.echo(line)
    else:
        _print(result)
    if to is not None and not as_json:
        typer.echo(str(to))


def _print(result: WorldsResult) -> None:
    from ytterby.plan.words import usd

    for line in result.summary():
        typer.echo(line)
    rows = []
    for name, world in (("integrated", result.integrated), ("fragmented", result.fragmented)):
        builds, unmet = world.tables["builds"], world.tables["unmet"]
        made = float(builds["capacity_t_per_a"].sum()) if builds.height else 0.0
        missed = float(unmet["t"].sum()) if unmet.height else 0.0
        rows.append((name, usd(world.objective_usd), f"{made:,.0f}", f"{missed:,.0f}"))
    print_table("Two worlds in one account", ["world", "cost", "built, t/a", "not met, t"], rows, right=(1, 2, 3))
