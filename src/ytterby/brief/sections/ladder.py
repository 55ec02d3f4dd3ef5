"""The ladder: two figures, the overview, the evidence, and every rung with its shares."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from .. import format as fmt
from ..figures.hhi_dots import hhi_dots
from ..figures.ladder_bars import ladder_bars
from ..section import Block, Cell, Figure, Heading, SectionContent, Table, Text, nothing_held
from .highlights import first_named, known_index, rung_anchor

if TYPE_CHECKING:
    from ytterby.ladder import Index, Rung, Share

    from ..context import BriefContext

SHOWN = 8


def build(context: BriefContext) -> SectionContent:
    """The section."""
    if not context.result.rungs:
        return nothing_held("rung with a total")
    blocks: list[Block] = [_by_place(context), _by_owner(context)]
    if any(known_index(rung.hhi) for rung in context.result.rungs):
        blocks.append(_concentration(context))
    blocks += [_overview(context), _evidence(context)]
    for rung in context.result.rungs:
        blocks += _rung(context, rung)
    return SectionContent(blocks=tuple(blocks))


def _all_sources(context: BriefContext) -> tuple[str, ...]:
    return tuple(source for rung in context.result.rungs for source in rung.source_ids)


def _by_place(context: BriefContext) -> Figure:
    leader = context.palette.leader
    held = [(rung, share) for rung in context.result.rungs for share in rung.by_place if share.id == leader]
    title = "No place can be named on any rung"
    if held:
        rung, share = max(held, key=lambda pair: pair[1].share)
        ahead = sum(first_named(rung.by_place) == share for rung, share in held)
        where = "every rung" if ahead == len(context.result.rungs) else f"{ahead} of {len(context.result.rungs)} rungs"
        title = (
            f"{share.name} comes first on {where}, and makes {fmt.share(share.share)} of "
            f"{fmt.lower(context.short(rung))}"
        )
    return Figure(
        key="ladder-place",
        title=title,
        subtitle=f"Share of each rung by place, per cent, {context.result.year}, in chain order; the bracket "
        "is the 5\u201395 % interval of the largest place; pale: not known",
        svg=ladder_bars(context, claim="place"),
        alt=f"Stacked bars of the shares of places on each rung. {title}.",
        credit=context.credit(_all_sources(context)),
    )


def _by_owner(context: BriefContext) -> Figure:
    tops = [(rung, owner) for rung in context.result.rungs if (owner := first_named(rung.by_owner))]
    title = "No controlling owner can be named on any rung"
    if tops:
        rung, owner = max(tops, key=lambda pair: pair[1].share)
        title = (
            f"The largest owner, {owner.name}, controls {fmt.share(owner.share)} of {fmt.lower(context.short(rung))}"
        )
    return Figure(
        key="ladder-owner",
        title=title,
        subtitle=f"Share of each rung by ultimate controlling owner, per cent, {context.result.year}; colours "
        "as above, by the owner's seat; hatched: a state controls the owner; pale: not known",
        svg=ladder_bars(context, claim="owner"),
        alt=f"Stacked bars of the shares of controlling owners on each rung. {title}.",
        credit=context.credit(_all_sources(context)),
    )


def _concentration(context: BriefContext) -> Figure:
    known = [rung for rung in context.result.rungs if known_index(rung.hhi)]
    rung = max(known, key=lambda rung: rung.hhi.value or 0.0)
    owner = f", {fmt.index(rung.hhi_owner.value)} by owner" if known_index(rung.hhi_owner) else ""
    title = f"Concentration peaks at {fmt.lower(context.short(rung))}: {fmt.index(rung.hhi.value)} by place{owner}"
    return Figure(
        key="hhi",
        title=title,
        subtitle=f"Herfindahl-Hirschman index from 0 to 1, {context.result.year}, with 5\u201395 % intervals; "
        "filled: by place, hollow: by controlling owner",
        svg=hhi_dots(context),
        alt=f"Dot plot of concentration by place and by owner. {title}.",
        credit=context.credit(_all_sources(context)),
    )


def _index_cell(index: Index, rung: Rung, *, is_share: bool) -> Cell:
    if not known_index(index):
        return Cell(text=fmt.MISSING)
    text = fmt.share(index.value) if is_share else fmt.index(index.value)
    interval = fmt.share_interval(index.low, index.high) if is_share else fmt.index_interval(index.low, index.high)
    return Cell(
        text=text,
        value=index.value,
        more="" if interval == fmt.MISSING else interval,
        href=f"#{rung_anchor(rung)}-sources",
    )


def _share_cells(share: Share | None, rung: Rung) -> tuple[Cell, Cell]:
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


def _overview(context: BriefContext) -> Table:
    rows = []
    for rung in context.result.rungs:
        top, owner = first_named(rung.by_place), first_named(rung.by_owner)
        rows.append(
            (
                Cell(text=fmt.capital(context.short(rung)), more=rung.stage, href=f"#{rung_anchor(rung)}"),
                Cell(
                    text=fmt.number(rung.total_t),
                    value=rung.total_t,
                    more=_total_interval(rung),
                    href=f"#{rung_anchor(rung)}-sources",
                ),
                Cell(text=top.name if top else fmt.MISSING),
                _index_cell(rung.top1, rung, is_share=True),
                _index_cell(rung.top3, rung, is_share=True),
                _index_cell(rung.hhi, rung, is_share=False),
                Cell(text=owner.name if owner else fmt.MISSING, more=fmt.share(owner.share) if owner else ""),
                _index_cell(rung.hhi_owner, rung, is_share=False),
                _index_cell(rung.import_reliance, rung, is_share=True),
                _index_cell(rung.eu_supply_risk, rung, is_share=False),
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
            "Largest owner",
            "HHI, owner",
            f"Import reliance, {context.bloc}",
            "EU supply risk",
        ),
        rows=tuple(rows),
        numeric=frozenset({1, 3, 4, 5, 7, 8, 9}),
        note=_missing_note(context),
    )


def _total_interval(rung: Rung) -> str:
    if not (fmt.is_known(rung.total_low) and fmt.is_known(rung.total_high)):
        return ""
    return f"{fmt.number(rung.total_low)}\u2013{fmt.number(rung.total_high)}"


def _missing_note(context: BriefContext) -> str:
    whys: dict[str, list[str]] = {}
    for rung in context.result.rungs:
        for word, index in (("import reliance", rung.import_reliance), ("EU supply risk", rung.eu_supply_risk)):
            if not known_index(index) and index.why:
                whys.setdefault(f"{word}: {index.why}", []).append(fmt.lower(context.short(rung)))
    parts = [f"{why.rstrip('.')} ({', '.join(dict.fromkeys(names))})" for why, names in whys.items()]
    return (
        f"Gross tonnes; small type: 5\u201395 % interval. Not given: {'; '.join(parts)}."
        if parts
        else "Gross tonnes; small type: 5\u201395 % interval."
    )


def _evidence(context: BriefContext) -> Table:
    classes = ("independent", "interested", "state_affiliated", "unknown")
    rows = tuple(
        (
            Cell(text=fmt.capital(rung.name), href=f"#{rung_anchor(rung)}"),
            Cell(text=rung.basis, more=rung.basis_note),
            *(
                Cell(
                    text=fmt.share(rung.evidence.get(name)),
                    value=rung.evidence.get(name),
                    href=f"#{rung_anchor(rung)}-sources",
                )
                for name in classes
            ),
        )
        for rung in context.result.rungs
    )
    return Table(
        caption="What each rung rests on",
        columns=("Rung", "Basis", "Independent", "Interested", "State-affiliated", "Unknown"),
        rows=rows,
        numeric=frozenset({2, 3, 4, 5}),
        note="Share of the tonnage behind the rung by the class of its best source.",
    )


def _rung(context: BriefContext, rung: Rung) -> list[Block]:
    anchor = rung_anchor(rung)
    total = fmt.tonnes(rung.total_t)
    bounds = f" ({fmt.tonnes_interval(rung.total_low, rung.total_high)})" if _total_interval(rung) else ""
    note = f"; {rung.basis_note}" if rung.basis_note else ""
    head = rung.name if rung.stage == "use" else f"{fmt.capital(rung.stage)}: {fmt.lower(rung.name)}"
    rate = "" if rung.basis == "reserves" else " a year"
    intro = f"World total {total}{bounds}{rate}, gross; basis: {rung.basis}{note}."
    return [
        Heading(text=f"{head}, {rung.year}", anchor=anchor),
        Text(text=intro, sources=rung.source_ids, anchor=f"{anchor}-sources"),
        _rung_table(context, rung),
        Heading(text="", anchor=f"{anchor}-sources"),
        Text(text="Sources of this rung:", sources=rung.source_ids, is_full=True, is_small=True),
    ]


def _cut(shares: tuple[Share, ...]) -> tuple[list[Share], list[Share]]:
    named = [share for share in shares if share.id != "unknown"]
    unknown = [share for share in shares if share.id == "unknown"]
    return [*named[:SHOWN], *unknown], named[SHOWN:]


def _rung_table(context: BriefContext, rung: Rung) -> Table:
    places, fewer_places = _cut(rung.by_place)
    owners, fewer_owners = _cut(rung.by_owner)
    buyers, fewer_buyers = _cut(rung.by_contract)
    rows = []
    for place, owner, buyer in zip_longest(places, owners, buyers):
        state = Cell(text=context.name(owner.state) if owner and owner.state else "")
        rows.append((*_share_cells(place, rung), *_share_cells(owner, rung), state, *_share_cells(buyer, rung)))
    smaller = [
        f"{word}: " + ", ".join(f"{share.name} {fmt.share(share.share)}" for share in rest)
        for word, rest in (
            ("Smaller places", fewer_places),
            ("Smaller owners", fewer_owners),
            ("Smaller buyers", fewer_buyers),
        )
        if rest
    ]
    return Table(
        columns=("Place", "Share", "Controlling owner", "Share", "State behind it", "Buyer under contract", "Share"),
        is_tight=True,
        rows=tuple(rows),
        numeric=frozenset({1, 3, 6}),
        note=f"{'. '.join(smaller)}." if smaller else "",
    )
