"""What the page says, in a few sentences with their figures and intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import format as fmt
from ..section import Bullets, SectionContent, Text, slug

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ytterby.ladder import Index, Rung, Share

    from ..context import BriefContext


def build(context: BriefContext) -> SectionContent:
    """The highlights of one ladder."""
    items = tuple(_sentences(context))
    return SectionContent(blocks=(Bullets(items=items),))


def rung_anchor(rung: Rung) -> str:
    """The anchor of a rung on the page."""
    return f"rung-{slug(rung.stage)}-{slug(rung.material)}"


def first_named(shares: tuple[Share, ...]) -> Share | None:
    """The largest share that bears a name."""
    named = [share for share in shares if share.id != "unknown"]
    return max(named, key=lambda share: share.share) if named else None


def known_index(index: Index) -> bool:
    """True where an index has a value."""
    return fmt.is_known(index.value)


def _sentences(context: BriefContext) -> Iterator[Text]:
    yield from _by_place(context)
    yield from _by_owner(context)
    yield from _reliance(context)
    yield from _supply_risk(context)
    yield from _by_contract(context)
    yield from _evidence(context)
    yield from _outside(context)


def _sourced(rung: Rung, *, lead: str, text: str) -> Text:
    return Text(lead=lead, text=text, sources=rung.source_ids, anchor=f"{rung_anchor(rung)}-sources")


def _phrase(share: Share) -> str:
    return fmt.share_with_interval(share.share, share.low, share.high)


def _by_place(context: BriefContext) -> Iterator[Text]:
    leader = context.palette.leader
    held = [(rung, share) for rung in context.result.rungs for share in rung.by_place if share.id == leader]
    if not held or leader is None:
        return
    ahead = [rung for rung, share in held if first_named(rung.by_place) == share]
    made = [(rung, share) for rung, share in held if rung.stage != "use"] or held
    rung, share = max(made, key=lambda pair: pair[1].share)
    surely = [rung for rung, share in held if fmt.is_known(share.low) and share.low > 0.5]
    text = (
        f"{share.name} makes {_phrase(share)} of the world's {fmt.lower(context.short(rung))}. "
        f"It is the largest place on {len(ahead)} of {len(context.result.rungs)} rungs, "
        f"and on {len(surely)} of them even the low end of its interval is above one half."
    )
    yield _sourced(rung, lead="By place.", text=text)


def _by_owner(context: BriefContext) -> Iterator[Text]:
    tops = [(rung, owner) for rung in context.result.rungs if (owner := first_named(rung.by_owner))]
    if not tops:
        return
    rung, owner = max(tops, key=lambda pair: pair[1].share)
    state = f", controlled by the state of {context.name(owner.state)}," if owner.state else ""
    unknown = next((share for share in rung.by_owner if share.id == "unknown"), None)
    text = (
        f"{owner.name}{state} decides over {_phrase(owner)} of {fmt.lower(context.short(rung))}, the "
        "largest share of one owner on any rung"
    )
    rest = (
        f"; who controls {fmt.share(unknown.share)} of that rung is not known" if unknown and unknown.share > 0 else ""
    )
    place = first_named(rung.by_place)
    differs = f" The same rung by place: {place.name} {_phrase(place)}." if place else ""
    yield _sourced(rung, lead="By owner.", text=f"{text}{rest}.{differs}")


def _reliance(context: BriefContext) -> Iterator[Text]:
    known = [rung for rung in context.result.rungs if known_index(rung.import_reliance)]
    if not known:
        whys = [rung.import_reliance.why for rung in context.result.rungs if rung.import_reliance.why]
        if whys:
            yield Text(
                lead="Imports.",
                text=f"How far {context.bloc_name} depends on imports is not known: {whys[0].rstrip('.')}.",
            )
        return
    rung = max(known, key=lambda rung: rung.import_reliance.value or 0.0)
    index = rung.import_reliance
    phrase = fmt.share_with_interval(index.value, index.low, index.high)
    material, rest = fmt.lower(context.short(rung)), len(context.result.rungs) - len(known)
    gap = f" On {rest} rungs reliance is not known, for want of a trade line or of output." if rest else ""
    if (index.value or 0.0) > 0:
        text = f"{fmt.capital(context.bloc_name)} depends on imports for {phrase} of its {material}."
    else:
        text = (
            f"On no rung with a trade line does {context.bloc_name} import more than it exports; "
            f"net import reliance is highest for {material}, {phrase}."
        )
    yield _sourced(rung, lead="Imports.", text=text + gap)


def _supply_risk(context: BriefContext) -> Iterator[Text]:
    known = [rung for rung in context.result.rungs if known_index(rung.eu_supply_risk)]
    score = context.result.geopolrisk.get("score")
    parts = []
    if known:
        rung = max(known, key=lambda rung: rung.eu_supply_risk.value or 0.0)
        index = rung.eu_supply_risk
        parts.append(
            f"by the method of the EU's list it is {fmt.index_with_interval(index.value, index.low, index.high)} "
            f"for {fmt.lower(context.short(rung))}"
        )
    if isinstance(score, float):
        parts.append(f"the GeoPolRisk score is {fmt.index(score)}")
    if parts:
        yield Text(lead="Supply risk.", text=f"{fmt.capital('; '.join(parts))}.")


def _by_contract(context: BriefContext) -> Iterator[Text]:
    named = [rung for rung in context.result.rungs if first_named(rung.by_contract)]
    if not named:
        yield Text(
            lead="By contract.",
            text="No buyer is known for any part of any rung: what is sold under contract is not published.",
        )
        return
    rung = min(named, key=lambda rung: rung.by_contract[-1].share)
    buyer = first_named(rung.by_contract)
    unknown = rung.by_contract[-1]
    if buyer is not None:
        text = (
            f"The best documented rung is {fmt.lower(context.short(rung))}: {buyer.name} has bought "
            f"{_phrase(buyer)} of it, and the buyer of {fmt.share(unknown.share)} is not known."
        )
        yield _sourced(rung, lead="By contract.", text=text)


def _evidence(context: BriefContext) -> Iterator[Text]:
    rungs = [rung for rung in context.result.rungs if rung.evidence]
    if not rungs:
        return
    rung = min(rungs, key=lambda rung: rung.evidence.get("independent", 0.0))
    held = rung.evidence
    text = (
        f"The weakest ground is under {fmt.lower(context.short(rung))}: "
        f"{fmt.share(held.get('independent'))} of its tonnage rests on independent sources, "
        f"{fmt.share(held.get('interested'))} on interested, "
        f"{fmt.share(held.get('state_affiliated'))} on state-affiliated ones, "
        f"and {fmt.share(held.get('unknown'))} on none that can be classed."
    )
    yield _sourced(rung, lead="Evidence.", text=text)


def _outside(context: BriefContext) -> Iterator[Text]:
    named = [fmt.lower(context.short(rung)) for rung in context.result.rungs if rung.hhi.outside]
    if named:
        text = (
            f"The concentration by place of {fmt.listing(named)} lies outside its own 5\u201395 % "
            "interval: the point counts "
            "unknown tonnage as nobody's, while the interval spreads it over named and unnamed places."
        )
        yield Text(lead="A caution.", text=text)
