"""The ladder: figures and the overview on the main page; evidence and every rung with its shares in the annex.

Titles name rungs of supply only; the tables in the annex hold all rungs, with what the ladder says of their indices.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from .. import format as fmt
from ..figures.hhi_dots import hhi_dots, is_bound
from ..figures.ladder_bars import ladder_bars
from ..section import Block, Cell, Figure, Fold, Heading, SectionContent, Table, Text, nothing_held
from .highlights import best_place_rung, first_named, known_index, rung_anchor, telling_owner_rung, unknown_part
from .overview import overview, owner_hhi, share_cells, total_interval

if TYPE_CHECKING:
    from ytterby.ladder import Rung, Share

    from ..context import BriefContext

SHOWN: Final = 8


def build(context: BriefContext) -> SectionContent:
    """The section."""
    if not context.result.rungs:
        return nothing_held("rung with a total")
    blocks: list[Block] = [_by_place(context), _by_owner(context)]
    if any(known_index(rung.hhi) for rung in context.result.rungs):
        blocks.append(_concentration(context))
    blocks += [overview(context), _evidence(context)]
    blocks += [_rung(context, rung) for rung in context.result.rungs]
    return SectionContent(blocks=tuple(blocks))


def _credit(context: BriefContext) -> str:
    """The publishers that carry most rungs: each rung's first source, then its second, and so on."""
    held = [rung.source_ids for rung in context.result.rungs]
    ranked = tuple(source for row in zip_longest(*held) for source in row if source is not None)
    firsts = [ids[0] for ids in held if ids]
    return context.credit(tuple(sorted(ranked, key=lambda source: -firsts.count(source))), is_ranked=True)


def _by_place(context: BriefContext) -> Figure:
    leader = context.palette.leader
    best = best_place_rung(context, leader)
    title = "No place can be named on any rung"
    if best is not None:
        rung, share = best
        rungs = context.supply
        ahead = sum(getattr(first_named(other.by_place), "id", None) == leader for other in rungs)
        where = "" if len(rungs) == 1 else f"comes first on {fmt.of_all(ahead, len(rungs), 'rung')} of supply and "
        title = f"{share.name} {where}makes {fmt.share(share.share)} of {fmt.lower(context.short(rung))}"
    return Figure(
        key="ladder-place",
        title=title,
        subtitle=f"Share of each rung by place, per cent, {context.result.year}, in chain order; the bracket "
        "is the 5\u201395 % interval of the largest place; pale: not known",
        svg=ladder_bars(context, claim="place"),
        alt=f"Stacked bars of the shares of places on each rung. {title}.",
        credit=_credit(context),
    )


def _by_owner(context: BriefContext) -> Figure:
    title = "No controlling owner can be named on any rung of supply"
    found = telling_owner_rung(context)
    if found is not None:
        rung, owner = found
        title = (
            f"{owner.name} has the largest known share of {fmt.lower(context.short(rung))}, {fmt.share(owner.share)}"
        )
        if unknown_part(rung.by_owner) >= 0.005:
            title += f"; the owner of {fmt.share(unknown_part(rung.by_owner))} is not known"
    return Figure(
        key="ladder-owner",
        title=title,
        subtitle=f"Share of each rung by ultimate controlling owner, per cent, {context.result.year}; colours "
        "as above, by the owner's seat; hatched: a state controls the owner; pale: not known",
        svg=ladder_bars(context, claim="owner"),
        alt=f"Stacked bars of the shares of controlling owners on each rung. {title}.",
        credit=_credit(context),
    )


def _concentration(context: BriefContext) -> Figure:
    known = (
        [rung for rung in context.leading if known_index(rung.hhi) and not is_bound(rung.hhi)]
        or [rung for rung in context.supply if known_index(rung.hhi)]
        or [rung for rung in context.result.rungs if known_index(rung.hhi)]
    )
    rung = max(known, key=lambda rung: rung.hhi.value or 0.0)
    is_told = known_index(rung.hhi_owner) and not is_bound(rung.hhi_owner)
    owner = f", {owner_hhi(rung)} by known owner" if is_told else ""
    title = f"Concentration peaks at {fmt.lower(context.short(rung))}: {fmt.index(rung.hhi.value)} by place{owner}"
    return Figure(
        key="hhi",
        title=title,
        subtitle=f"Herfindahl-Hirschman index from 0 to 1, {context.result.year}, with 5\u201395 % "
        "intervals, by place and by known controlling owner",
        svg=hhi_dots(context),
        alt=f"Dot plot of concentration by place and by owner. {title}.",
        credit=_credit(context),
    )


def _evidence(context: BriefContext) -> Table:
    classes = ("independent", "interested", "state_affiliated", "unknown")
    rows = tuple(
        (
            Cell(text=fmt.capital(context.short(rung)), more=rung.stage, href=f"#{rung_anchor(rung)}"),
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
        columns=("Rung", "Basis and confidence", "Independent", "Interested", "State-affiliated", "Unknown"),
        rows=rows,
        numeric=frozenset({2, 3, 4, 5}),
        note="Share of the tonnage behind the rung by the class of the publisher of its best source; the column Basis "
        "says with what confidence the figures stand: published, estimated, bounded, assumed or by mass balance. "
        "An estimate by an independent publisher is an estimate still; assumed tonnage and balances count as unknown.",
        is_folded=True,
    )


def _rung(context: BriefContext, rung: Rung) -> Fold:
    anchor = rung_anchor(rung)
    total = fmt.tonnes(rung.total_t)
    bounds = f" ({fmt.tonnes_interval(rung.total_low, rung.total_high)})" if total_interval(rung) else ""
    note = f"; {rung.basis_note}" if rung.basis_note else ""
    name = context.rung_name(rung).replace("_", " ")
    head = fmt.capital(name) if rung.stage == "use" else f"{fmt.capital(rung.stage)}: {fmt.lower(name)}"
    rate = "" if rung.basis == "reserves" else " a year"
    intro = f"World total {total}{bounds}{rate}, gross; basis: {rung.basis}{note}."
    blocks: list[Block] = [
        Text(text=intro, sources=rung.source_ids, anchor=f"{anchor}-sources"),
        _rung_table(context, rung),
    ]
    if remarks := _remarks(rung):
        blocks.append(Text(text=remarks, is_small=True))
    blocks += [
        Heading(text="", anchor=f"{anchor}-sources"),
        Text(text="Sources of this rung:", sources=rung.source_ids, is_full=True, is_small=True),
    ]
    return Fold(title=f"{head}, {rung.year}", anchor=anchor, blocks=tuple(blocks))


def _remarks(rung: Rung) -> str:
    """What the ladder says of the rung's indices: why one is missing, or what is doubtful about it."""
    words = {"hhi_owner": "HHI by owner", "import_reliance": "Import reliance", "eu_supply_risk": "EU supply risk"}
    said = [f"{word}: {rung.indices[name].why.rstrip('.')}" for name, word in words.items() if rung.indices[name].why]
    return f"{'. '.join(said)}." if said else ""


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
        rows.append((*share_cells(place, rung), *share_cells(owner, rung), state, *share_cells(buyer, rung)))
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
