"""The balanced year: do the figures of the year fit each other, which must move, and the flows that close."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from ytterby.errors import YtterbyError

from .. import format as fmt
from ..context import all_ids
from ..figures.balance_sankey import balanced_flows, largest
from ..figures.sankey import sankey
from ..section import Block, Bullets, Cell, Figure, SectionContent, Table, Text, nothing_held

if TYPE_CHECKING:
    from ytterby.balance import BalanceResult

    from ..context import BriefContext

NAMED = 5  # offenders named in sentences
LISTED = 20  # figures in the table


def build(context: BriefContext) -> SectionContent:
    """The section; a package that cannot be balanced says why."""
    from ytterby.balance import balance

    try:
        result = balance(context.chain, year=context.result.year, seed=context.result.manifest.seed)
    except YtterbyError as error:
        return nothing_held(f"year that could be balanced ({error})")
    seen = result.tables["observations"].filter(pl.col("kind") != "stock")
    flagged = seen.filter(pl.col("flag")).head(NAMED).to_dicts()
    blocks: list[Block] = [Text(text=_verdict(result, seen), lead="Do the figures fit?")]
    if flagged:
        blocks.append(Bullets(items=tuple(_offence(result, row) for row in flagged)))
    drawn = largest(balanced_flows(context.chain, result))
    if drawn.flows:
        blocks.append(
            Figure(
                key="balance",
                title=f"The year {result.year} as it closes",
                subtitle=f"Tonnes of contained {context.basis} a year, all places together, adjusted so that nothing "
                "appears or vanishes; green: scrap; dark foot: lost on the way; what no ribbon takes was used",
                svg=sankey(context, drawn, key="balance"),
                alt="Sankey diagram of the balanced year in contained tonnes, with losses.",
                credit=context.credit(all_ids(seen["source_id"])),
            )
        )
    if seen.height:
        blocks.append(_table(result, seen))
    return SectionContent(blocks=tuple(blocks))


def _verdict(result: BalanceResult, seen: pl.DataFrame) -> str:
    checked = seen.filter(pl.col("redundancy") == "redundant").height
    count = seen.filter(pl.col("flag")).height
    chance = f"{result.p:.2f}" if result.p >= 0.01 else "below 0.01"
    fits = "agree within what is stated of them" if result.p >= 0.05 else "contradict each other"
    moved = "none has" if not count else f"{count} {'has' if count == 1 else 'have'}"
    return (
        f"{checked} of {fmt.counted(seen.height, 'figure')} are checked by a balance; together they {fits} "
        f"(chi-square {result.chi_square:.1f} on {result.dof} degrees of freedom, p {chance}), and {moved} to move by "
        "more than three standard deviations."
    )


def _sources(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(part for part in row["source_id"].split(";") if part)


def _amount(row: dict[str, Any], value: float) -> str:
    return f"{value:.3g} t/t" if row["kind"] == "coefficient" else fmt.tonnes(value)


def _offence(result: BalanceResult, row: dict[str, Any]) -> Text:
    from ytterby.balance.words import what

    words = f"{what(row, result.names)}: {_amount(row, row['stated'])} stated, {_amount(row, row['adjusted'])} fits"
    return Text(
        text=f"{words} the rest, {abs(row['adjustment_sd']):.1f} standard deviations off.", sources=_sources(row)
    )


def _table(result: BalanceResult, seen: pl.DataFrame) -> Table:
    from ytterby.balance.words import what

    rows = tuple(
        (
            Cell(text=what(row, result.names), sources=_sources(row)),
            Cell(text=_amount(row, row["stated"]), value=row["stated"]),
            Cell(text=_amount(row, row["adjusted"]), value=row["adjusted"]),
            Cell(text=f"{row['adjustment_sd']:+.1f}", value=row["adjustment_sd"]),
        )
        for row in seen.head(LISTED).to_dicts()
    )
    return Table(
        caption="Figures that the balance moves most",
        columns=("Figure", "Stated", "Adjusted", "Standard deviations"),
        rows=rows,
        numeric=frozenset({1, 2, 3}),
        note="Each figure has the standard deviation that its confidence implies; a flow that nothing checks stays.",
        is_folded=True,
    )
