"""What accepted claims change: the rows that they bring, those that bring none, and how the rungs move.

Stands on the page only where claims of a ledger were laid over the chain. Both ladders take the same draws; a rung
moves where its tonnage or a share differs by more than a thousandth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from .. import format as fmt
from ..section import Block, Cell, SectionContent, Table, Text, nothing_held

if TYPE_CHECKING:
    from ytterby.evidence.overlay import Overlay
    from ytterby.ladder import LadderResult, Rung
    from ytterby.ladder.result import Share

    from ..context import BriefContext

MOVED: Final = 0.001
SHOWN: Final = 3  # shares named of each claim on a rung


@dataclass(frozen=True, kw_only=True)
class Laid:
    """Claims laid over a chain, and the ladder of the chain without them."""

    overlay: Overlay
    before: LadderResult


def build(context: BriefContext) -> SectionContent:
    """The rows, the rungs that move, the refusals."""
    laid = context.claims
    if laid is None:
        return nothing_held("accepted claim")
    rows = laid.overlay.rows
    blocks: list[Block] = [Text(text=_intro(laid))]
    if rows.height:
        blocks.append(_rows(context, laid))
        blocks += _rungs(context, laid)
    if laid.overlay.refused:
        blocks.append(_refused(laid))
    return SectionContent(blocks=tuple(blocks))


def _intro(laid: Laid) -> str:
    rows = laid.overlay.rows
    claims = rows["claim_id"].n_unique() if rows.height else 0
    refused = len(laid.overlay.refused)
    if not claims and not refused:
        return "The ledger holds no accepted claim on this metal; the page is that of the package alone."
    brings = f"{fmt.counted(claims, 'accepted claim')} of the ledger bring {fmt.counted(rows.height, 'row')}"
    if claims == 1:
        brings = f"One accepted claim of the ledger brings {fmt.counted(rows.height, 'row')}"
    rest = f"; {fmt.counted(refused, 'accepted claim brings', 'accepted claims bring')} none" if refused else ""
    return f"{brings}{rest}. Every figure of this page counts them; a row of the package is never overwritten."


def _rows(context: BriefContext, laid: Laid) -> Table:
    return Table(
        caption="Rows that came in",
        columns=("Table", "Row", "Claim", "Accepted"),
        rows=tuple(
            (
                Cell(text=fmt.words(row["table"])),
                Cell(text=_label(context, row["table"], row["key"]), sources=(row["source_id"],)),
                Cell(text=row["claim_id"][:8]),
                Cell(text=f"by {row['reviewed_by']}", more=row["reviewed_at"][:10]),
            )
            for row in laid.overlay.rows.to_dicts()
        ),
        is_folded=False,
    )


def _label(context: BriefContext, table: str, key: str) -> str:
    """A row by its name, else by the names in its key."""
    frame = context.table(table)
    if "name" in frame.columns:
        named = frame.filter(pl.col(frame.columns[0]) == key)["name"].to_list()
        if named:
            return str(named[0])
    return ", ".join(context.names.get(part) or fmt.words(part) for part in key.split(" "))


def _rungs(context: BriefContext, laid: Laid) -> Iterator[Block]:
    before = {(rung.stage, rung.material, rung.name): rung for rung in laid.before.rungs}
    rows = []
    for rung in context.result.rungs:
        old = before.get((rung.stage, rung.material, rung.name))
        if old is not None:
            rows += _changes(context, old, rung)
    if not rows:
        yield Text(
            text=f"No rung of the ladder of {context.result.year} moves: what came in bears on another time, on deals, "
            "partnerships, prices or policies, or falls within a national total that is published."
        )
        return
    yield Table(
        caption="How the ladder moves",
        columns=("Step", "Figure", "Without the claims", "With them", "Change"),
        rows=tuple(rows),
        numeric=frozenset({2, 3, 4}),
        note="Shares with 5–95 % intervals; the same draws on both sides. Change in percentage points.",
        is_folded=False,
    )


def _changes(context: BriefContext, old: Rung, new: Rung) -> list[tuple[Cell, ...]]:
    name = context.short(new)
    rows: list[tuple[Cell, ...]] = []
    was, now = old.total_t, new.total_t
    if (was is None) != (now is None) or (was and now and abs(now - was) > MOVED * was):
        change = f"{(now / was - 1) * 100:+.1f}{fmt.NBSP}%" if was and now else fmt.MISSING
        cells = (Cell(text=fmt.tonnes(was), value=was), Cell(text=fmt.tonnes(now), value=now), Cell(text=change))
        rows.append(
            (Cell(text=name, sources=new.source_ids, anchor="sources"), Cell(text="World total, a year"), *cells)
        )
    for claim, word in (("by_place", "place"), ("by_owner", "owner"), ("by_contract", "contract")):
        rows += [_share_row(name, word, *pair) for pair in _moved(getattr(old, claim), getattr(new, claim))]
    return rows


def _moved(old: tuple[Share, ...], new: tuple[Share, ...]) -> list[tuple[str, Share | None, Share | None]]:
    """The shares that move most, largest first."""
    before, after = {share.id: share for share in old}, {share.id: share for share in new}
    pairs = [(before.get(name), after.get(name)) for name in dict.fromkeys((*after, *before))]
    held = [((b.share if b else 0.0), (a.share if a else 0.0), b, a) for b, a in pairs]
    moved = sorted((row for row in held if abs(row[1] - row[0]) > MOVED), key=lambda row: -abs(row[1] - row[0]))
    return [((a or b).name, b, a) for _, _, b, a in moved[:SHOWN] if a or b]  # type: ignore[union-attr]


def _share_row(name: str, word: str, holder: str, old: Share | None, new: Share | None) -> tuple[Cell, ...]:
    was, now = (old.share if old else 0.0), (new.share if new else 0.0)
    return (
        Cell(text=name),
        Cell(text=f"Share by {word}: {holder}"),
        _share(old),
        _share(new),
        Cell(text=f"{(now - was) * 100:+.1f}".replace("-", fmt.MINUS), value=now - was),
    )


def _share(share: Share | None) -> Cell:
    if share is None:
        return Cell(text=fmt.share(0.0), value=0.0)
    return Cell(text=fmt.share(share.share), value=share.share, more=fmt.share_interval(share.low, share.high))


def _refused(laid: Laid) -> Table:
    return Table(
        caption="Accepted claims that bring no row",
        columns=("Claim", "Why"),
        rows=tuple((Cell(text=row.claim_id[:8]), Cell(text=row.reason)) for row in laid.overlay.refused),
    )
