"""The application: one command a file of this package, joined here."""

from __future__ import annotations

from typing import Annotated

import typer

from ytterby.cli import balance, brief, claims, ladder, packages, plan, provenance, read, shock

app = typer.Typer(
    name="ytterby",
    help="Who controls each step of a rare-metal value chain, what that rests on, and how sure it is.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(value: bool) -> None:
    if value:
        import ytterby

        typer.echo(f"ytterby {ytterby.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Who controls each step of a rare-metal value chain, what that rests on, and how sure it is."""


app.command("metals")(packages.metals)
app.command("check")(packages.check)
app.command("new")(packages.new)
app.command("ladder")(ladder.ladder)
app.command("balance")(balance.balance)
app.command("plan")(plan.plan)
app.command("shock")(shock.shock)
app.command("brief")(brief.brief)
app.command("read")(read.read)
app.command("sources")(provenance.sources)
app.command("export")(provenance.export)
app.add_typer(claims.app, name="claims")
