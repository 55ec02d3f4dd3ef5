"""The ladder at a glance: one row a principal rung, with the marks that its numbers need.

Marks: at least (owners of more than a quarter unknown), † supply risk by the world mix alone, ‡ outside its own
interval. The share of the largest place carries its own interval. Refuses to print a concentration of owners as a
figure where it rounds to nothing: then it is not known.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from .. import format as fmt
from ..figures.hhi_dots import is_bound
from ..section import Cell, Table
from .highlights import WEAK, first_named, is_out, is_world_alone, known_index, rung_anchor, unknown_part

if TYPE_CHECKING:
    from ytterby.ladder import Index, Rung, Share

    from ..context import BriefContext

WORLD_MIX: Final = "\u2020"
OUTSIDE: Final = "\u2021"
NOTHING: Final = "0.00"


def owner_hhi(rung: Rung) -> str:
    """Concentration by owner: a lower bound where more than a quarter of the rung has no known owner."""
    text = fmt.index(rung.hhi_owner.value)
    if not known_index(rung.hhi_owner) or text == NOTHING:
        return "not known"
    return f"\u2265\u00a0{text}" if unknown_part(rung.by_owner) > WEAK else text


def _index_cell(index: Index, rung: Rung, *, text: str, interval: str, mark: str = "") -> Cell:
    if not known_index(index):
        return Cell(text=fmt.MISSING)
    return Cell(
        text=f"{text}{mark}{OUTSIDE if is_out(index) else ''}",
        value=index.value,
        more="" if interval == fmt.MISSING else interval,
        href=f"#{rung_anchor(rung)}-sources",
    )


def _plain_cell(index: Index, rung: Rung, *, mark: str = "") -> Cell:
    interval = fmt.index_interval(index.low, index.high)
    return _index_cell(index, rung, text=fmt.index(index.value), interval=interval, mark=mark)


def _part_cell(index: Index, rung: Rung) -> Cell:
    interval = fmt.share_interval(index.low, index.high)
    return _index_cell(index, rung, text=fmt.share(index.value), interval=interval)


def _place_cell(rung: Rung) -> Cell:
    """Concentration by place: a lower bound where much of the rung has no known place, not known where that is 0."""
    text = fmt.index(rung.hhi.value)
    if is_bound(rung.hhi) and text == NOTHING:
        return Cell(text="not known")
    mark = f"\u2265\u00a0{text}" if is_bound(rung.hhi) else text
    return _index_cell(rung.hhi, rung, text=mark, interval=fmt.index_interval(rung.hhi.low, rung.hhi.high))


def _owner_cell(rung: Rung) -> Cell:
    if not known_index(rung.hhi_owner) or owner_hhi(rung) == "not known":
        return Cell(text="not known" if rung.stage != "use" else fmt.MISSING)
    interval = fmt.index_interval(rung.hhi_owner.low, rung.hhi_owner.high)
    return _index_cell(rung.hhi_owner, rung, text=owner_hhi(rung), interval=interval)


def share_cells(share: Share | None, rung: Rung) -> tuple[Cell, Cell]:
    """A holder and its share with the interval; two empty cells for none."""
    if share is None:
        return Cell(text=""), Cell(text="")
    interval = fmt.share_interval(share.low, share.high)
    name = Cell(text="not known" if share.id == "unknown" else share.name)
    return name, Cell(
        text=fmt.share(share.share),
        value=share.share,
        href=f"#{rung_anchor(rung)}-sources",
        more="" if interval == fmt.MISSING else interval,
    )


def overview(context: BriefContext) -> Table:
    """The table."""
    rows: list[tuple[Cell, ...]] = []
    for rung in context.principal:
        top, owner = first_named(rung.by_place), first_named(rung.by_owner)
        share = share_cells(top, rung)[1]
        rows.append(
            (
                Cell(text=fmt.capital(context.short(rung)), more=rung.stage, href=f"#{rung_anchor(rung)}"),
                Cell(
                    text=fmt.number(rung.total_t),
                    value=rung.total_t,
                    more=total_interval(rung),
                    href=f"#{rung_anchor(rung)}-sources",
                ),
                Cell(text=top.name if top else fmt.MISSING),
                replace(share, text=f"{share.text}{OUTSIDE}") if top and is_out(top) else share,
                _part_cell(rung.top3, rung),
                _place_cell(rung),
                Cell(text=owner.name if owner else fmt.MISSING, more=_owner_more(rung)),
                _owner_cell(rung),
                _part_cell(rung.import_reliance, rung),
                _plain_cell(rung.eu_supply_risk, rung, mark=WORLD_MIX if is_world_alone(rung.eu_supply_risk) else ""),
            )
        )
    return Table(
        caption=f"The ladder at a glance, {context.result.year}",
        columns=(
            "Rung",
            "World, t",
            "Largest place",
            "Its share",
            "Top three",
            "HHI, place",
            "Largest known owner",
            "HHI, owner",
            f"Import reliance, {context.bloc}",
            "EU supply risk",
        ),
        rows=tuple(rows),
        numeric=frozenset({1, 3, 4, 5, 7, 8, 9}),
        note=_overview_note(context, rows),
        is_folded=False,
    )


def _owner_more(rung: Rung) -> str:
    owner = first_named(rung.by_owner)
    unknown = unknown_part(rung.by_owner)
    rest = f"{fmt.share(unknown)} not known"
    if owner is None:
        return rest if rung.stage != "use" else ""
    return f"{fmt.share(owner.share)}; {rest}" if unknown > 0 else fmt.share(owner.share)


def total_interval(rung: Rung) -> str:
    """The interval of a rung's total, empty where it is not known."""
    if not (fmt.is_known(rung.total_low) and fmt.is_known(rung.total_high)):
        return ""
    return f"{fmt.number(rung.total_low)}\u2013{fmt.number(rung.total_high)}"


def _overview_note(context: BriefContext, rows: list[tuple[Cell, ...]]) -> str:
    """What the marks mean, those only that stand in the table, and why reliance is missing, each reason once."""
    printed = " ".join(cell.text for row in rows for cell in row)
    note = "Gross tonnes; small type: 5\u201395 % interval. HHI: 0 to 1."
    if "\u2265" in printed:
        note += (
            " \u2265: a lower bound, since more than a quarter of the tonnage has no known place or owner; the "
            "interval spreads that part over named and unnamed holders."
        )
    if WORLD_MIX in printed:
        note += (
            f" {WORLD_MIX}: by the world supply mix alone, since import reliance is not known. EU supply risk runs "
            "from 0 to about 6; the EU's own threshold is 1.0."
        )
    if OUTSIDE in printed:
        note += (
            f" {OUTSIDE}: the value lies outside its interval, because unknown tonnage is nobody's at the point and is "
            "spread in the draws."
        )
    if any((rung.import_reliance.value or 0.0) < 0 for rung in context.principal):
        note += " Import reliance below zero: a net exporter."
    whys: dict[str, list[str]] = {}
    for rung in context.principal:
        if rung.stage != "use" and not known_index(rung.import_reliance) and rung.import_reliance.why:
            whys.setdefault(rung.import_reliance.why.rstrip("."), []).append(fmt.lower(context.short(rung)))
    parts = [f"{', '.join(dict.fromkeys(names))}: {why}" for why, names in whys.items()]
    if parts:
        note += f" Import reliance is not given for {'; '.join(parts)}."
    left = len(context.result.rungs) - len(context.principal)
    return f"{note} {fmt.counted(left, 'further rung')} in the annex." if left else note
