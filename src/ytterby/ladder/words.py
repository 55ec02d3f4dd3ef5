"""Plain sentences for a ladder: who leads each step, by place and by owner, and how sure that is."""

from __future__ import annotations

from ytterby.ladder.result import UNKNOWN, Index, LadderResult, Rung, Share


def percent(share: float) -> str:
    """Write a share as a percentage: whole numbers, one decimal under 10 %."""
    value = 100 * share
    return f"{value:.0f} %" if abs(value) >= 9.95 or value == 0 else f"{value:.1f} %"


def with_interval(share: Share) -> str:
    """Write a share with its interval."""
    return f"{percent(share.share)} ({percent(share.low)} to {percent(share.high)})"


def leader(shares: tuple[Share, ...]) -> Share | None:
    """Return the largest known holder."""
    return next((share for share in shares if share.id != UNKNOWN and share.share > 0), None)


def sentences(result: LadderResult) -> list[str]:
    """Return the highlights of a ladder."""
    lines = [line for rung in result.rungs for line in _rung(rung)]
    return [*lines, *result.notes]


def _rung(rung: Rung) -> list[str]:
    place, owner = leader(rung.by_place), leader(rung.by_owner)
    if place is None:
        return []
    head = f"{rung.stage.capitalize()}, {rung.name} ({rung.year}): {place.name} {with_interval(place)}"
    if owner is not None:
        state = f", controlled by the state of {owner.state}" if owner.state else ""
        head += f"; largest controller {owner.name}{state} {with_interval(owner)}"
    unknown = rung.by_owner[-1].share
    tail = f"; {percent(unknown)} has no known owner" if unknown > 0.005 else ""
    return [head + tail + "."]


CLAIM_WORDS = {
    "by_place": "by place (where it is made)",
    "by_owner": "by owner (who decides)",
    "by_owner_equity": "by equity (who earns)",
    "by_contract": "by contract (who has bought it ahead)",
}


def rows_of(rung: Rung, claim: str, count: int = 3) -> list[list[str]]:
    """Return a rung as rows of text: the step with HHI and reliance, then a row a holder with share and interval."""
    shares = getattr(rung, claim)
    concentration = {"by_place": rung.hhi, "by_owner": rung.hhi_owner}.get(claim, Index(None))
    reliance = rung.import_reliance.value
    held = [share for share in shares if share.id != UNKNOWN and share.share > 0][:count]
    rest = shares[-1]
    rows = [
        [f"{rung.stage}: {rung.material}", "", "", figure(concentration), "" if reliance is None else percent(reliance)]
    ]
    rows += [[f"  {_named(share)}", percent(share.share), _span(share), "", ""] for share in held]
    others = 1.0 - rest.share - sum(share.share for share in held)
    if others > 0.0005:
        rows.append(["  others", percent(others), "", "", ""])
    if rest.share > 0.0005:
        rows.append(["  unknown", percent(rest.share), _span(rest), "", ""])
    return rows


def _span(share: Share) -> str:
    return f"{percent(share.low)} to {percent(share.high)}"


def _named(share: Share) -> str:
    return f"{share.name} [state {share.state}]" if share.state else share.name


def figure(index: Index) -> str:
    """Write an index with its interval, or a dash."""
    if index.value is None:
        return "-"
    return f"{index.value:.2f} ({index.low:.2f} to {index.high:.2f})"


def why_claims_differ(result: LadderResult, claim: str) -> list[str]:
    """Return why this claim differs from place: the rung where it differs most, and what is not known."""
    if claim == "by_place":
        return []
    best: tuple[float, str] = (-1.0, "")
    for rung in result.rungs:
        place, holder = leader(rung.by_place), leader(getattr(rung, claim))
        if place is not None and holder is not None and abs(place.share - holder.share) > best[0]:
            words = (
                f"{CLAIM_WORDS[claim].capitalize()} differs from place: in {rung.name} {place.name} makes "
                f"{percent(place.share)}, while the largest holder, {holder.name}, has {percent(holder.share)} and "
                f"{percent(getattr(rung, claim)[-1].share)} has no known holder."
            )
            best = (abs(place.share - holder.share), words)
    return [best[1]] if best[1] else [f"Nothing is known {CLAIM_WORDS[claim]} on any rung."]
