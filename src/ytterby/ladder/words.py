"""Plain sentences for a ladder: who leads each step, by place and by owner, and how sure that is."""

from __future__ import annotations

from ytterby.ladder.result import UNKNOWN, LadderResult, Rung, Share


def percent(share: float) -> str:
    """Write a share as a percentage: whole numbers, one decimal under 10 %."""
    value = 100 * share
    return f"{value:.0f} %" if value >= 9.95 or value == 0 else f"{value:.1f} %"


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
