"""What the chain says about an article: its parties on the ladder, and rows on people and research.

A party stands on the ladder under whoever controls it, by the ownership graph; its share of a rung is what sites under
that control make. A share of none means that the package knows of no site, not that there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from ytterby.evidence import EventKind

from .. import format as fmt
from ..context import split_ids
from ..section import Block, Cell, SectionContent, Table, Text
from .view import ArticleView, Told

if TYPE_CHECKING:
    from ytterby.ladder import Rung
    from ytterby.ladder.result import Share

SUPPLY = ("mining", "refining", "smelting", "processing", "manufacturing", "recycling")
OFF_LADDER = ("school", "university", "government")  # kinds of party that make no metal
FLOOR = 0.001


@dataclass(frozen=True)
class Place:
    """One rung at a stage that the article names, with the shares of its parties."""

    told: Told
    rung: Rung
    shares: tuple[tuple[str, Share], ...]

    @property
    def total(self) -> float:
        """What the parties hold together."""
        return sum(share.share for _, share in self.shares)


def places(view: ArticleView) -> Iterator[Place]:
    """Yield the principal rungs at the stages that the article names; at all stages of supply where it names none."""
    stages = tuple(stage for stage in view.stages if stage != "use") or SUPPLY
    for told in view.told:
        wanted = told.chain.settings.get("principal")
        principal = [rung for rung in told.result.rungs if not isinstance(wanted, list) or rung.material in wanted]
        for rung in principal or told.result.rungs:
            if rung.stage in stages:
                yield Place(told, rung, tuple(_shares(view, told, rung)))


def _shares(view: ArticleView, told: Told, rung: Rung) -> Iterator[tuple[str, Share]]:
    held = {share.id: share for share in rung.by_owner if share.id != "unknown"}
    done: set[str] = set()
    for party in view.parties:
        if not party.id or party.kind in OFF_LADDER:
            continue
        top = told.top(party.id)
        if top in held and top not in done and held[top].share >= FLOOR:
            done.add(top)
            name = held[top].name
            yield (name if name == party.name else f"{name} (controls {party.name})"), held[top]


def finding(view: ArticleView) -> list[Text]:
    """The highlight: where on the ladder the parties hold most, and where nothing is known of them."""
    if not view.told:
        return []
    ranked = sorted(places(view), key=lambda place: -place.total)
    best: dict[str, Place] = {}
    for place in ranked:
        best.setdefault(place.told.metal, place)
    top = [place for place in best.values() if place.total >= FLOOR]
    parts = [f"{_held(place)} of {_step(place)}" for place in top[:3]]
    lost = [_metal(told.metal) for told in view.told if told.metal not in {place.told.metal for place in top}]
    text = f"By control: {'; '.join(parts)}. " if parts else ""
    if lost:
        text += f"No site of a party is known at the stages named in {fmt.listing(lost)}. "
    sources = tuple(dict.fromkeys(source for place in top[:1] for source in place.rung.source_ids))
    return [Text(lead="The chain says.", text=text.strip(), sources=sources, anchor="sources")]


def _held(place: Place) -> str:
    return fmt.listing([f"{name} {_interval(share)}" for name, share in place.shares])


def _step(place: Place) -> str:
    return f"{fmt.lower(fmt.short(place.rung.name))} ({_metal(place.told.metal)}, {place.rung.year})"


def _interval(share: Share) -> str:
    return fmt.share_with_interval(share.share, share.low, share.high)


def _metal(metal: str) -> str:
    return metal.replace("-", " ").replace("_", " ")


def build(view: ArticleView) -> SectionContent:
    """The parties on the ladder, at the stages and metals named."""
    if not view.told:
        named = fmt.listing([_metal(metal) for metal in view.metals])
        why = f"it names {named}, for which no package is held" if named else "it names no metal"
        return SectionContent(blocks=(Text(text=f"The chains are silent on this article: {why}."),))
    found = list(places(view))
    stages = fmt.listing(list(view.stages)) or "none; every stage of supply is shown"
    blocks: list[Block] = [
        Text(text=f"Metals named: {fmt.listing([_metal(metal) for metal in view.metals])}. Stages named: {stages}.")
    ]
    blocks += [_silent(view)]
    near = [place for place in found if place.total >= FLOOR]
    if near:
        blocks.append(_table(view, near, "Rungs on which a party of the article controls something", is_folded=False))
    far = [place for place in found if place.total < FLOOR]
    if far:
        blocks.append(_table(view, far, "Rungs named on which no site of a party is known", is_folded=len(far) > 4))
    return SectionContent(blocks=tuple(blocks))


def _silent(view: ArticleView) -> Text:
    """What the chains cannot say: parties that no table knows, metals without a package."""
    strangers = [party.name for party in view.parties if not party.id and party.kind not in OFF_LADDER]
    parts = []
    if strangers:
        parts.append(f"Not among the companies of any package: {fmt.listing(strangers[:8])}.")
    if view.without_package:
        parts.append(f"No package is held for {fmt.listing([_metal(metal) for metal in view.without_package])}.")
    parts.append("A rung without a share means that no site is known, not that there is none.")
    return Text(text=" ".join(parts), is_small=True)


def _table(view: ArticleView, found: list[Place], caption: str, *, is_folded: bool) -> Table:
    columns = (
        "Metal",
        "Step",
        "Parties, by control",
        "Companies of the same state",
        "Largest controller",
        "Largest place",
    )
    return Table(
        caption=caption,
        columns=columns,
        rows=tuple(_row(view, place) for place in found),
        numeric=frozenset({2, 3, 4, 5}),
        note="Shares of world output with 5–95 % intervals. Companies of the same state: all that the state behind a "
        "party controls on this rung, the party among them.",
        is_folded=is_folded,
    )


def _row(view: ArticleView, place: Place) -> tuple[Cell, ...]:
    rung = place.rung
    states = {share.state for _, share in place.shares if share.state} or {
        party.state_affiliated for party in view.parties if party.state_affiliated
    }
    same = sum(share.share for share in rung.by_owner if share.state in states)
    names = ", ".join(sorted(state for state in states if state))
    return (
        Cell(text=_metal(place.told.metal)),
        Cell(text=fmt.short(rung.name), more=f"{rung.stage}, {rung.year}", sources=rung.source_ids, anchor="sources"),
        Cell(
            text=fmt.share(place.total) if place.shares else fmt.MISSING,
            value=place.total if place.shares else None,
            more="; ".join(f"{name} {_interval(share)}" for name, share in place.shares),
        ),
        Cell(text=fmt.share(same) if states else fmt.MISSING, value=same if states else None, more=names),
        _largest(rung.by_owner),
        _largest(rung.by_place),
    )


def _largest(shares: tuple[Share, ...]) -> Cell:
    known = [share for share in shares if share.id != "unknown"]
    if not known:
        return Cell(text=fmt.MISSING)
    best = max(known, key=lambda share: (share.share, share.id))
    return Cell(text=fmt.share(best.share), value=best.share, more=best.name)


def people(view: ArticleView) -> SectionContent:
    """Partnerships and programmes of the parties, and the schools and people of their countries."""
    blocks: list[Block] = []
    research = _research(view)
    blocks.append(research if research else Text(text="No package holds a partnership or programme of these parties."))
    trained = _schools(view)
    if trained:
        blocks.append(trained)
    elif any(claim.event_kind is EventKind.TALENT_PROGRAMME for claim in view.said):
        blocks.append(Text(text="No count of graduates is held for the countries of the parties."))
    return SectionContent(blocks=tuple(blocks))


def _research(view: ArticleView) -> Table | None:
    ids = {party.id for party in view.parties if party.id}
    rows: list[tuple[Cell, ...]] = []
    for told in view.told:
        programmes = {row["research_id"]: row for row in told.chain.table("research").to_dicts()}
        for row in told.chain.table("partnerships").to_dicts():
            together = ids & set(split_ids(row["party_id"]))
            if together:
                rows.append(_partnership(told, row, programmes.get(row["research_id"]), is_same=len(together) > 1))
    if not rows:
        return None
    return Table(
        caption="Partnerships of the parties, and the programme that each bears on",
        columns=("Metal", "Partnership", "Status", "Programme", "Level now to needed", "Years", "Odds"),
        rows=tuple(rows),
        numeric=frozenset({4, 5, 6}),
        note="Level: technology readiness, 1 to 9. Years and odds until the level needed are as the package assumes.",
        is_folded=False,
    )


def _partnership(
    told: Told, row: dict[str, Any], programme: dict[str, Any] | None, *, is_same: bool
) -> tuple[Cell, ...]:
    held = programme or {}
    kept = split_ids(row["source_id"])
    level = f"{held.get('trl_now')} to {held.get('trl_needed')}" if held else fmt.MISSING
    more = "the parties of the article" if is_same else "with another party"
    return (
        Cell(text=_metal(told.metal)),
        Cell(text=row["name"], more=more, sources=kept),
        Cell(text=fmt.words(row["status"]), more=row["confidence"]),
        Cell(text=held.get("name") or fmt.MISSING, sources=split_ids(held.get("source_id")), anchor="sources"),
        Cell(text=level),
        Cell(text=fmt.exact(held.get("duration_a"))),
        Cell(text=fmt.share(held.get("odds"))),
    )


def _schools(view: ArticleView) -> Table | None:
    countries = {party.country for party in view.parties if party.country}
    if not view.told or not countries:
        return None
    chain = view.told[0].chain
    spoken = any(claim.occupations or claim.event_kind is EventKind.TALENT_PROGRAMME for claim in view.claims)
    rows = chain.table("schools").filter(pl.col("place_id").is_in(sorted(countries)))
    if not spoken or rows.is_empty():
        return None
    names = dict(chain.table("occupations").select("occupation_id", "name").iter_rows())
    return Table(
        caption="Where the parties' countries train people",
        columns=("School or group of schools", "Country", "Occupation", "Year", "Graduates a year"),
        rows=tuple(
            (
                Cell(text=row["name"], sources=split_ids(row["source_id"]), anchor="sources"),
                Cell(text=view.place(row["place_id"])),
                Cell(text=names.get(row["occupation_id"], row["occupation_id"])),
                Cell(text=str(row["year"])),
                Cell(text=fmt.exact(row["graduates_per_a"]), value=row["graduates_per_a"], more=row["confidence"]),
            )
            for row in rows.sort("place_id", "occupation_id", "school_id").to_dicts()
        ),
        numeric=frozenset({3, 4}),
    )
