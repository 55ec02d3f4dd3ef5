"""Commands on packages: metals, check, new."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ytterby.cli.output import print_json, print_table

JSON = Annotated[bool, typer.Option("--json", help="Print JSON alone.")]


def metals(as_json: JSON = False) -> None:
    """List the metals with a chain package, and the raw materials of the world tables.

    Example: ytterby metals
    """
    from ytterby.chain import load_chain, load_world, packaged_metals

    chains = [load_chain(name) for name in packaged_metals()]
    rows = [
        {
            "metal": chain.metal,
            "title": chain.metadata.get("title", ""),
            "materials": chain.materials.height,
            "facilities": chain.facilities.height,
        }
        for chain in chains
    ]
    raw = sorted(load_world().raw_materials["raw_material_id"])
    if as_json:
        print_json({"packages": rows, "raw_materials": raw})
        return
    cells = [[str(value) for value in row.values()] for row in rows]
    print_table("Metals with a chain package", ["metal", "title", "materials", "facilities"], cells, right=(2, 3))
    typer.echo(f"Raw materials of the world tables ({len(raw)}): {', '.join(raw)}")


def check(
    package: Annotated[
        str, typer.Argument(help="A packaged name (toy, tungsten, world, shared), or the folder of a package.")
    ],
    as_json: JSON = False,
    max_mb: Annotated[float, typer.Option("--max-mb", min=0.0, help="Refuse files above this size, in MB.")] = 200.0,
    describe: Annotated[
        bool, typer.Option("--describe", help="First write the resources of datapackage.json anew from the schema.")
    ] = False,
) -> None:
    """Check a package: schema, keys, units, ranges, dates, sources, shares, status, and the balance of matter.

    Exit code 1 where a rule is broken. Example: ytterby check tungsten
    """
    from ytterby.chain.chain import package_folder
    from ytterby.chain.check import check as run
    from ytterby.chain.descriptor import write_descriptor

    if describe:
        write_descriptor(package_folder(package))
    report = run(package, max_mb=max_mb)
    if as_json:
        print_json(report.to_dict())
    else:
        for fault in report.faults:
            typer.echo(str(fault))
        counted = ", ".join(f"{number:,} {what}" for what, number in report.examined.items() if number)
        verdict = "no fault" if report.is_sound else f"{len(report.faults)} fault(s)"
        typer.echo(f"{report.package}: {verdict}; examined {counted or 'nothing'}")
        for what in report.not_examined:
            typer.echo(f"not examined: {what}")
    raise typer.Exit(0 if report.is_sound else 1)


def new(
    metal: Annotated[str, typer.Argument(help="Name of the metal, such as cobalt.")],
    folder: Annotated[Path, typer.Argument(help="Folder to write; must be empty or not exist.")],
    as_json: JSON = False,
) -> None:
    """Write a commented template of a package that passes `check`, to fill with a metal of your own.

    Example: ytterby new cobalt my-cobalt
    """
    from ytterby.chain.template import write_template

    path = write_template(metal, folder)
    if as_json:
        print_json({"package": str(path), "files": sorted(file.name for file in path.iterdir())})
    else:
        typer.echo(f"{path}: template written; read {path / 'README.md'}, then: ytterby check {path}")
