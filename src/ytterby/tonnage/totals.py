"""Totals and words of a rung: sums of needs, totals from claimed shares, claims that hold in every draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from ytterby.chain.places import WORLD
from ytterby.chain.uncertainty import Array
from ytterby.tonnage.amounts import Amount
from ytterby.tonnage.sites import Sites

BALANCE = "mass balance with the next stage"
SHARE = "published share of the world"
CONSISTENT = 0.005


def kind_of(basis: str) -> str:
    """Return the sort of basis: output, capacity, balance, bounds, assumed or reserves."""
    if basis == BALANCE:
        return "balance"
    for word in ("bounds", "assumed", "reserves"):
        if basis.startswith(word):
            return word
    return "output" if basis.endswith("output") or basis == SHARE else "capacity"


def percent(part: float, whole: float) -> str:
    """Write a part of a whole in whole percent."""
    return f"{100 * part / whole:.0f} %" if whole else "0 %"


def sum_of(label: str, amounts: Iterable[Amount]) -> Amount | None:
    """Return the sum of amounts as a total by mass balance, or None where there are none."""
    held = list(amounts)
    if not held:
        return None
    draws = np.sum([amount.draws for amount in held], axis=0)
    parts = tuple(part for amount in held for part in (amount.parts or (amount,)))
    return Amount(label, sum(amount.point for amount in held), draws, BALANCE, "", "assumed", parts)


def whole_by_shares(shares: Mapping[str, Amount], sites: Sites) -> Amount | None:
    """Return a total from sites outside the places that claim a share: rest / (1 - claimed)."""
    outside = [amount for place, amount in sites.by_place().items() if place not in shares]
    claimed = sum(amount.point for place, amount in shares.items() if place != WORLD)
    if not outside or not 0 < claimed < 1:
        return None
    drawn = np.clip(np.sum([amount.draws for place, amount in shares.items() if place != WORLD], axis=0), 0.0, 0.99)
    rest = np.sum([amount.draws for amount in outside], axis=0)
    point = sum(amount.point for amount in outside) / (1 - claimed)
    return Amount("total by share", point, rest / (1 - drawn), "share balance", "", "estimated")


def goes_before(share: Amount, tonnes: Amount, total: Amount, year: int) -> bool:
    """Return whether a share is of the year asked for while tonnes and total are of different years.

    Tonnes over a total of another year carry the growth of the market between the two.
    """
    if tonnes.year is None or total.year is None:
        return False
    return share.year == year and tonnes.year != total.year


def within_claims(amounts: Mapping[str, Amount], whole: Amount | None) -> tuple[dict[str, Amount], Array | None]:
    """Return the amounts with all but claimed shares held, in each draw, within what the claims leave, and the rest.

    A claim of over 90 % then never falls below 90 %. Where the point already contradicts the claims nothing is held.
    """
    claimed = [place for place, amount in amounts.items() if amount.basis == SHARE]
    if whole is None or not claimed or sum(amount.point for amount in amounts.values()) > whole.point * (1 + 1e-9):
        return dict(amounts), None
    room = np.clip(whole.draws - np.sum([amounts[place].draws for place in claimed], axis=0), 0.0, None)
    others = [place for place in amounts if place not in claimed]
    if not others:
        return dict(amounts), room
    summed = np.sum([amounts[place].draws for place in others], axis=0)
    scale = np.minimum(1.0, np.divide(room, summed, out=np.ones_like(room), where=summed > 0))
    kept = {place: replace(amounts[place], draws=amounts[place].draws * scale) for place in others}
    return {place: kept.get(place, amount) for place, amount in amounts.items()}, room - summed * scale


def basis_words(weight: Mapping[str, float], whole: float) -> list[str]:
    """Return what a rung rests on, in parts of its named tonnage, parts under half a percent left out."""
    ordered = sorted(weight.items(), key=lambda item: -item[1])
    return [f"{percent(part, whole)} by {basis}" for basis, part in ordered if part >= 0.005 * whole]


def years(parts: Iterable[Amount]) -> list[str]:
    """Return the span of years of the figures, in words."""
    found = sorted({amount.year for amount in parts if amount.year is not None})
    if not found:
        return []
    return [f"figures of {found[0]}" if found[0] == found[-1] else f"figures of {found[0]} to {found[-1]}"]


def total_words(total: Amount) -> str:
    """Return what a world total rests on, in words."""
    if total.basis == BALANCE:
        return f"world total by {BALANCE}"
    state = total.basis.split(" ")[0]
    return {"all": "world total of all rows", "bounds": "world total within bounds"}.get(state, f"world total {state}")


def drawn_total(total: Amount, held: tuple[Amount, ...], draws: Array) -> Array:
    """Return draws of a world total.

    A total that a source states as one number is the sum of its places and errs as they do; one with bounds, assumed or
    by mass balance has its own spread.
    """
    named = sum(amount.point for amount in held)
    error = draws.sum(axis=1) / named if named > 0 else np.ones(len(total.draws))

    def one(candidate: Amount) -> Array:
        own = candidate.is_bounded or candidate.confidence == "assumed" or candidate.basis == BALANCE
        return candidate.draws if own else candidate.point * error

    if not total.rivals or total.pick is None:
        return one(total)
    stacked = np.stack([one(rival) for rival in total.rivals], axis=1)
    result: Array = stacked[np.arange(len(total.draws)), total.pick]
    return result
