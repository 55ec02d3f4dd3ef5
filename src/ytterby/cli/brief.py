"""The command `brief`: one page on a metal for a bloc, or on one article."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ytterby.cli.files import read_results, refuse_file
from ytterby.cli.output import print_json, progress

if TYPE_CHECKING:
    from ytterby.brief import BriefResult
    from ytterby.brief.sections.claims import Laid
    from ytterby.chain import Chain
    from ytterby.ladder import LadderResult


def brief(
    metal: Annotated[
        str, typer.Argument(help="A metal, a raw material, or the folder of a package; none with --article.")
    ] = "",
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
    article: Annotated[
        Path | None, typer.Option(help="File of one article: writes a brief on it instead of one on a metal.")
    ] = None,
    shock: Annotated[Path | None, typer.Option(help="With --article: file of a shock's JSON.")] = None,
    with_claims: Annotated[
        bool, typer.Option("--with-claims", help="Lay the accepted claims of a ledger over the package.")
    ] = False,
    where: Annotated[
        str, typer.Option("--ledger", help="Ledger of claims; default for --with-claims: in your data folder.")
    ] = "",
    to: Annotated[
        Path | None,
        typer.Option("--to", help="With --article: the HTML file to write; default in the folder of --out."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the paths as JSON alone.")] = False,
) -> None:
    """Write METAL-BLOC.html (opens offline, prints well) and METAL-BLOC.md with its figures, or a brief on an article.

    Example: ytterby brief tungsten --for EU
    """
    _refuse_mixed(metal, article, shock=shock, to=to, with_claims=with_claims)
    if article is not None:
        from ytterby.cli.article import write_article_brief

        held: dict[str, Any] = {
            "bloc": bloc,
            "draws": draws,
            "seed": seed,
            "plan": plan,
            "shock": shock,
            "ledger": where,
        }
        write_article_brief(article, to=to or out, as_json=as_json, **held)
        return
    options = {"year": year, "bloc": bloc, "draws": draws, "seed": seed, "corroborated": corroborated}
    written = _on_metal(metal, options, plan=plan, out=out, ledger=where if with_claims else None, quiet=as_json)
    if as_json:
        print_json(
            {"html": str(written.html), "md": str(written.markdown), "figures": [str(p) for p in written.figures]}
        )
    else:
        typer.echo(str(written.html))


def _on_metal(
    metal: str, options: dict[str, Any], *, plan: Path | None, out: Path, ledger: str | None, quiet: bool
) -> BriefResult:
    """Write the brief on a metal; with a ledger, on the package with its accepted claims."""
    from ytterby.brief import brief as write
    from ytterby.ladder import find_chain
    from ytterby.ladder import ladder as climb
    from ytterby.ladder.world import refuse_late

    refuse_file(out)
    chain = find_chain(metal)
    refuse_late(chain, options["year"])
    held = None if plan is None else _read_plan(plan, chain, options["bloc"])
    with progress(f"brief {chain.metal}", quiet=quiet) as report:
        result, laid = climb(chain, **options, progress=report), None
        if ledger is not None:
            laid = _laid_over(chain, result, ledger)
            chain = laid.overlay.chain
            result = climb(chain, **options, progress=report) if laid.overlay.rows.height else result
        report(1.0, "writing the page")
        return write(chain, result, bloc=options["bloc"], out=out, plan=held, claims=laid)


def _refuse_mixed(metal: str, article: Path | None, *, shock: Path | None, to: Path | None, with_claims: bool) -> None:
    """Refuse a call that is neither a brief on a metal nor one on an article."""
    if bool(metal) == (article is not None):
        raise typer.BadParameter(
            "name a metal, or an article with --article FILE" if not metal else "a metal or --article, not both",
            param_hint="METAL",
        )
    if article is None and (shock is not None or to is not None):
        raise typer.BadParameter("goes with --article", param_hint="--shock" if shock is not None else "--to")
    if article is not None and with_claims:
        raise typer.BadParameter("goes with a metal", param_hint="--with-claims")


def _laid_over(chain: Chain, before: LadderResult, where: str) -> Laid:
    from ytterby.brief.sections.claims import Laid
    from ytterby.cli.claims import open_for
    from ytterby.evidence.overlay import overlay_of_ledger

    with open_for(where) as ledger:
        return Laid(overlay=overlay_of_ledger(chain, ledger), before=before)


def _read_plan(path: Path, chain: Chain, bloc: str) -> dict[str, Any]:
    """Read a plan's file; refuse one of another metal or bloc."""
    from ytterby.chain.places import resolve_bloc
    from ytterby.errors import YtterbyError
    from ytterby.plan.replay import options_of

    held = read_results(path)
    if "worth" in held and "integrated" in held:  # both worlds: the integrated one, with what is between them
        held = {**held["integrated"], "worlds": {name: held.get(name, {}) for name in ("worth", "umbrella")}}
    options = options_of(held)
    if chain.name not in held["manifest"]["packages"]:
        raise YtterbyError(f"'{path}' is a plan of {next(iter(held['manifest']['packages']))}, not of {chain.name}")
    if options.blocs[0] != resolve_bloc(chain, bloc):
        raise YtterbyError(f"'{path}' is a plan for {options.blocs[0]}; ask for the brief --for {options.blocs[0]}")
    return held
