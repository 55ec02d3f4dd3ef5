"""What the page says, in a few sentences with their figures, their intervals and what they rest on.

Only rungs of supply are spoken of (mining to manufacturing, the package's principal materials where it names them);
reserves are held and use is use, so that neither is ever said to be made. Refuses to name a largest owner where more
than 60 % of every rung has none known without saying so.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from ytterby.ladder.result import Share

from .. import format as fmt
from ..controllers import main_controller
from ..section import Bullets, SectionContent, Text, slug

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ytterby.ladder import Index, Rung

    from ..context import BriefContext

MOSTLY_UNKNOWN: Final = 0.6  # part of a rung without a known owner above which it is no example
WEAK: Final = 0.25  # part of a rung on assumption, balance or nothing above which it does not lead
HALF: Final = 0.5
FEW_REASONS: Final = 2  # reasons for a missing reliance up to which the rungs of each are named
WORLD_ALONE: Final = "world supply mix alone"


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


def unknown_part(shares: tuple[Share, ...]) -> float:
    """The part of a rung whose holder is not known."""
    return sum(share.share for share in shares if share.id == "unknown")


def known_index(index: Index) -> bool:
    """True where an index has a value."""
    return fmt.is_known(index.value)


def is_out(index: Index | Share) -> bool:
    """True where a value lies outside its interval as both are printed, to two decimals."""
    value = index.share if isinstance(index, Share) else index.value
    if value is None or index.low is None or index.high is None:
        return False
    return not round(index.low, 2) <= round(value, 2) <= round(index.high, 2)


def is_world_alone(index: Index) -> bool:
    """True where a supply risk counts the world's mix only, not the reader's own sourcing."""
    return WORLD_ALONE in index.why


def best_place_rung(context: BriefContext, place: str | None) -> tuple[Rung, Share] | None:
    """The leading rung of which a place has most: of those where it comes first, then of well evidenced ones."""
    held = [(rung, share) for rung in context.leading for share in rung.by_place if share.id == place]
    ahead = [pair for pair in held if first_named(pair[0].by_place) == pair[1]] or held
    sound = [pair for pair in ahead if pair[0].evidence.get("unknown", 0.0) <= WEAK]
    return max(sound or ahead, key=lambda pair: pair[1].share, default=None)


def telling_owner_rung(context: BriefContext) -> tuple[Rung, Share] | None:
    """The owner that the page follows, on its rung; else the rung where the owner differs most from the place."""
    followed = main_controller(context.result, rungs=context.leading)
    if followed is not None and followed.unknown < MOSTLY_UNKNOWN:
        share = next(share for share in followed.rung.by_owner if share.id == followed.id)
        return followed.rung, share
    tops = [(rung, owner) for rung in context.leading if (owner := first_named(rung.by_owner)) and owner.share > 0]
    told = [pair for pair in tops if unknown_part(pair[0].by_owner) < MOSTLY_UNKNOWN]
    if not told:
        return min(tops, key=lambda pair: unknown_part(pair[0].by_owner), default=None)

    def gap(pair: tuple[Rung, Share]) -> float:
        place = first_named(pair[0].by_place)
        return abs((place.share if place else 0.0) - pair[1].share)

    return max(told, key=gap)


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


def _material(context: BriefContext, rung: Rung) -> str:
    return fmt.lower(context.short(rung))


def _by_place(context: BriefContext) -> Iterator[Text]:
    leader, rungs = context.palette.leader, context.supply
    best = best_place_rung(context, leader)
    if best is None:
        return
    rung, share = best
    held = [(other, found) for other in rungs for found in other.by_place if found.id == leader]
    ahead = [other for other, found in held if first_named(other.by_place) == found]
    surely = [other for other, found in held if fmt.is_known(found.low) and found.low > 0.5]
    verb = {"exploration": "holds", "use": "accounts for"}.get(rung.stage, "makes")
    what = "reserves" if rung.stage == "exploration" else _material(context, rung)
    rests = f" What this share rests on: {rung.basis_note.rstrip('.')}." if rung.basis_note else ""
    text = f"{share.name} {verb} {_phrase(share)} of the world's {what}.{rests}"
    if len(rungs) > 1:
        text += (
            f" It is the largest place on {fmt.of_all(len(ahead), len(rungs), 'rung')} from mining to manufacturing; "
            f"{_surely(len(surely), len(ahead))} is the low end of its interval above one half."
        )
    yield _sourced(rung, lead="By place.", text=f"{text}{_beside(context, leader)}")


def _surely(count: int, of: int) -> str:
    if not count:
        return "on none"
    return "on all of them" if count == of else f"on {count}"


def _beside(context: BriefContext, leader: str | None) -> str:
    """The leader's part of reserves and of use, with verbs of their own."""
    parts = []
    uses = sum(rung.stage == "use" for rung in context.result.rungs)
    for stage in ("exploration", "use"):
        for rung in context.principal:
            share = next((share for share in rung.by_place if share.id == leader), None)
            if rung.stage == stage and share is not None and context.supply != context.principal:
                use = "all use" if uses == 1 else f"the {_material(context, rung)}"
                words = use if stage == "use" else "the reserves on record"
                parts.append(f"{fmt.share(share.share)} of {words}")
                break
    return f" It has {fmt.listing(parts)}." if parts else ""


def _by_owner(context: BriefContext) -> Iterator[Text]:
    found = telling_owner_rung(context)
    if found is None:
        yield Text(lead="By owner.", text="No owner is known on any rung of supply.")
        return
    rung, owner = found
    state = f", controlled by the state of {context.name(owner.state)}," if owner.state else ""
    text = (
        f"The largest known share of {_material(context, rung)} under one owner is {_phrase(owner)}: "
        f"{owner.name}{state} controls it."
    )
    held: dict[str, float] = {}
    for share in rung.by_owner:
        if share.state:
            held[share.state] = held.get(share.state, 0.0) + share.share
    block = max(held, key=lambda name: (held[name], name), default="")
    if block and held[block] > owner.share:
        text += f" Companies that the state of {context.name(block)} controls have {fmt.share(held[block])} together."
    place = first_named(rung.by_place)
    text += f" By place {place.name} makes {_phrase(place)} of it." if place else ""
    unknown = unknown_part(rung.by_owner)
    text += f" Who controls {fmt.share(unknown)} of this rung is not known." if unknown > 0 else ""
    others = [other for other in context.supply if unknown_part(other.by_owner) >= MOSTLY_UNKNOWN]
    if others and len(context.supply) > 1:
        part = fmt.of_all(len(others), len(context.supply), "rung")
        text += f" On {part} of supply the owner of {fmt.share(MOSTLY_UNKNOWN)} or more is not known."
    yield _sourced(rung, lead="By owner.", text=text)


def _reasons(context: BriefContext, rungs: list[Rung]) -> str:
    """Why there is no import reliance: each reason with its rungs, of many reasons with their number."""
    whys: dict[str, list[str]] = {}
    for rung in rungs:
        reason = rung.import_reliance.why.rstrip(".") or "no reason is given"
        whys.setdefault(reason, []).append(_material(context, rung))
    if len(whys) <= FEW_REASONS:
        return "; ".join(f"{why} ({', '.join(dict.fromkeys(names))})" for why, names in whys.items())
    kinds: Counter[str] = Counter()
    for why, names in whys.items():
        kinds[re.sub(r" for HS [\d, ]*\d", " for its customs line", why)] += len(names)
    told = [f"{why} (on {fmt.counted(count, 'rung')})" for why, count in kinds.most_common()]
    return f"{'; '.join(told)}; the note under the table names them"


def _reliance(context: BriefContext) -> Iterator[Text]:
    rungs = context.supply
    known = [rung for rung in rungs if known_index(rung.import_reliance)]
    rest = [rung for rung in rungs if rung not in known]
    if not known:
        yield Text(
            lead="Imports.",
            text=f"How far {context.bloc_name} depends on imports cannot be told on any rung of supply "
            f"({_reasons(context, rest)}).",
        )
        return
    part = fmt.of_all(len(known), len(rungs), "rung")
    text = f"Usable trade is held for {part} of supply, seen from {context.bloc_name}. "
    bought = [rung for rung in known if (rung.import_reliance.value or 0.0) > 0]
    sold = [rung for rung in known if rung not in bought]
    if bought:
        top = sorted(bought, key=lambda rung: -(rung.import_reliance.value or 0.0))
        text += f"Net imports as part of use: {fmt.listing([_reliance_words(context, rung) for rung in top])}. "
    if sold:
        listed = fmt.listing([_reliance_words(context, rung) for rung in sold])
        text += f"Net exporter, with net imports as part of use below zero: {listed}. "
    doubts: dict[str, list[str]] = {}
    for rung in known:
        if why := rung.import_reliance.why.split(";")[0].rstrip("."):
            doubts.setdefault(why, []).append(_material(context, rung))
    told = [f"{fmt.listing(names)}, since {why}" for why, names in doubts.items()]
    text += f"In doubt: {'; '.join(told)}. " if told else ""
    text += f"Not known for the rest: {_reasons(context, rest)}." if rest else ""
    yield _sourced((bought or sold)[0], lead="Imports.", text=text.strip())


def _reliance_words(context: BriefContext, rung: Rung) -> str:
    index = rung.import_reliance
    phrase = fmt.share_with_interval(index.value, index.low, index.high)
    return f"{_material(context, rung)} {phrase}"


def _supply_risk(context: BriefContext) -> Iterator[Text]:
    known = [rung for rung in context.leading if known_index(rung.eu_supply_risk)]
    full = [rung for rung in known if not is_world_alone(rung.eu_supply_risk)]
    alone = [rung for rung in known if rung not in full]
    parts = []
    for rungs, basis in ((full, "with the reader's own sourcing counted"), (alone, f"by the {WORLD_ALONE}")):
        if rungs:
            rung = max(rungs, key=lambda rung: rung.eu_supply_risk.value or 0.0)
            index = rung.eu_supply_risk
            value = fmt.index_with_interval(index.value, index.low, index.high)
            parts.append(f"{basis} it is highest for {_material(context, rung)}, {value}")
    text = ""
    if parts:
        text = (
            "By the formula of the EU's list (0 to about 6; the EU's own threshold is 1.0, with its own substitution "
            f"and trade terms), seen from {context.bloc_name}: {'; '.join(parts)}. "
        )
        if alone:
            text += "The world mix says nothing of where the reader buys. "
    yield from (Text(lead="Supply risk.", text=line) for line in [f"{text}{_geopolrisk(context)}".strip()] if line)


def _geopolrisk(context: BriefContext) -> str:
    """GeoPolRisk with what it means, or why there is none."""
    score, why = context.result.geopolrisk.get("score"), context.result.geopolrisk.get("why")
    if isinstance(score, float):
        return (
            f"GeoPolRisk is {fmt.index(score)}: it multiplies concentration of mining by the governance-weighted share "
            "of imports, runs from 0 to 1 and sees the ore line only."
        )
    return f"GeoPolRisk is not known: {str(why).rstrip('.')}." if why else ""


def _by_contract(context: BriefContext) -> Iterator[Text]:
    named = [rung for rung in context.supply if (top := first_named(rung.by_contract)) and top.share > 0]
    if not named:
        yield Text(
            lead="By contract.",
            text="For all of every rung no buyer is public: what is sold under contract is not published.",
        )
        return
    rung = min(named, key=lambda rung: unknown_part(rung.by_contract))
    buyer = first_named(rung.by_contract)
    silent = len(context.supply) - len(named)
    rest = (
        f" On {fmt.of_all(silent, len(context.supply), 'rung')} of supply no buyer is known with a tonnage."
        if silent
        else ""
    )
    if buyer is not None:
        text = (
            f"For {fmt.share(unknown_part(rung.by_contract))} of {_material(context, rung)}, the best documented rung, "
            f"no buyer is public; the largest known buyer, {buyer.name}, has bought {_phrase(buyer)}.{rest}"
        )
        yield _sourced(rung, lead="By contract.", text=text)


def _evidence(context: BriefContext) -> Iterator[Text]:
    rungs = [rung for rung in context.supply if rung.evidence]
    if not rungs:
        return

    def ground(rung: Rung) -> tuple[float, float, float]:
        held = rung.evidence
        return held.get("independent", 0.0), -held.get("unknown", 0.0), -context.contained_t(rung)

    rung = min(rungs, key=ground)
    lead = "The weakest ground is under" if len(rungs) > 1 else "What is under"
    text = f"{lead} {_material(context, rung)}: {_grounds(rung)}"
    weak = sum(rung.evidence.get("unknown", 0.0) >= HALF for rung in rungs)
    if weak and len(rungs) > 1:
        part = fmt.of_all(weak, len(rungs), "rung")
        text += f" On {part} of supply half of the tonnage or more is unknown, assumed or by mass balance."
    yield _sourced(rung, lead="Evidence.", text=text)


def _grounds(rung: Rung) -> str:
    """What the tonnage of a rung rests on, classes without any left out."""
    words = {"independent": "independent", "interested": "interested", "state_affiliated": "state-affiliated"}
    held = [(word, rung.evidence.get(name, 0.0)) for name, word in words.items()]
    parts = [f"{fmt.share(part)} from {word} publishers" for word, part in held if part > 0]
    rest = rung.evidence.get("unknown", 0.0)
    if not parts:
        return "no publisher states its tonnage, all of which is unknown, assumed or by mass balance."
    parts[0] = parts[0].replace(" from ", " of its tonnage comes from ", 1)
    text = fmt.listing(parts) + (f"; {fmt.share(rest)} is unknown, assumed or by mass balance" if rest else "")
    return f"{text}. The class is of the publisher: an estimate by an independent one is an estimate still."


def _outside(context: BriefContext) -> Iterator[Text]:
    named = [_material(context, rung) for rung in context.supply if is_out(rung.hhi)]
    if named:
        text = (
            f"The concentration by place of {fmt.listing(named)} lies outside its own 5\u201395 % "
            "interval (marked \u2021): the point counts unknown tonnage as nobody's, while the interval spreads it "
            "over named and unnamed places."
        )
        yield Text(lead="A caution.", text=text)
