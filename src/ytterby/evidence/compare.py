"""Two claims on one event, field by field: what agrees, what cannot both be true, what moved on.

An amount is an interval by its qualifier (exact within 1 %, about within 10 %, up to from 0, at least without end) and
two amounts differ where their intervals do not meet; only amounts of the same thing in units of one kind are compared.
A date is the days that its precision covers. A status is a rung of a ladder: higher is further, an end (withdrawn,
suspended, denied) may follow any rung. What one side does not say is never a difference.
"""

from __future__ import annotations

import calendar
import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from ytterby.errors import UnitError
from ytterby.evidence.claim import Amount, Claim, ClaimDate, DatePrecision, Qualifier, Status

EXACT, ABOUT = 0.01, 0.1
LADDERS: tuple[Mapping[Status, int], ...] = (
    {
        Status.EXPLORATION: 0,
        Status.STUDY: 1,
        Status.PERMITTED: 2,
        Status.FINANCED: 3,
        Status.CONSTRUCTION: 4,
        Status.INAUGURATED: 5,
        Status.PILOT: 5,
        Status.FIRST_PRODUCT: 6,
        Status.RAMP_UP: 7,
        Status.NAMEPLATE: 8,
        Status.OPERATING: 8,
    },
    {
        Status.TALKS: 0,
        Status.MOU: 1,
        Status.LETTER_OF_INTENT: 1,
        Status.TERM_SHEET: 2,
        Status.CONDITIONAL: 3,
        Status.FRAMEWORK: 3,
        Status.DEFINITIVE: 4,
        Status.CLOSED: 5,
    },
    {Status.PROPOSED: 0, Status.ANNOUNCED: 1, Status.IN_FORCE: 2},
)
ENDS = frozenset(
    [Status.CARE_AND_MAINTENANCE, Status.SUSPENDED, Status.ASSET_CLOSED, Status.WITHDRAWN, Status.SUPERSEDED]
)
SHARE = "share"
_RATES = re.compile(r"\s*(/\s*(a|yr|year)|per\s+(year|annum)|pa)$", re.IGNORECASE)
_MASSES = {
    "t": 1.0,
    "kt": 1e3,
    "Mt": 1e6,
    "kg": 1e-3,
}  # the usual ones; pint, which knows all, is slow to load
_FRACTIONS = {"%": 0.01, "1": 1.0, "percent": 0.01, "pct": 0.01}
_SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9}


@dataclass(frozen=True)
class Difference:
    """A field on which two claims cannot both be true, with what each says, first claim first."""

    field: str
    first: str
    second: str


def differences(first: Claim, second: Claim) -> tuple[Difference, ...]:
    """Return the amounts, shares and dates on which two claims cannot both be true."""
    amounts = _amount_differences(first, second)
    return tuple(sorted({*amounts, *_date_differences(first, second)}, key=lambda row: (row.field, row.first)))


def _amount_differences(first: Claim, second: Claim) -> Iterator[Difference]:
    mine, others = _amounts(first), _amounts(second)
    for key in mine.keys() & others.keys():
        pairs = [(a, b) for a in mine[key] for b in others[key]]
        if not any(_meet(interval(a), interval(b)) for a, b in pairs):
            one, two = pairs[0]
            yield Difference(amount_field(one), say_amount(one), say_amount(two))


def _amounts(claim: Claim) -> dict[tuple[str, str], list[Amount]]:
    """Return the amounts of a claim by what they measure and the kind of unit."""
    found: dict[tuple[str, str], list[Amount]] = {}
    for amount in claim.amounts:
        found.setdefault((amount_field(amount), unit_kind(amount.unit)[0]), []).append(amount)
    return found


def amount_field(amount: Amount) -> str:
    """Return the field that an amount is of: share for a stake, else amount with what it measures."""
    if unit_kind(amount.unit)[0] == "fraction" and amount.of in ("", SHARE, "stake"):
        return SHARE
    return f"amount of {amount.of}" if amount.of else "amount"


@cache
def unit_kind(unit: str) -> tuple[str, float]:
    """Return what sort of unit it is, and its size in that sort: 'mass WO3 per year' and 1000 for 'kt WO3/a'."""
    text = unit.strip()
    bare = _RATES.sub("", text)
    rate = " per year" if bare != text else ""
    if bare.lower() in _FRACTIONS:
        return "fraction" + rate, _FRACTIONS[bare.lower()]
    head, _, rest = bare.partition(" ")
    if head.lower() in _SCALES and rest:
        kind, size = unit_kind(rest)
        return kind + rate, size * _SCALES[head.lower()]
    if re.fullmatch(r"[A-Z]{3}|.*/.*|people.*|", head):  # money, prices, heads: no mass, and no need to ask
        return bare + rate, 1.0
    from ytterby.chain.units import tonnes_per

    try:
        return f"mass {rest}".strip() + rate, _MASSES.get(head) or tonnes_per(head)
    except UnitError:
        return bare + rate, 1.0


def interval(amount: Amount) -> tuple[float, float]:
    """Return the least and the most that an amount may mean, in the size of its unit's kind."""
    size = unit_kind(amount.unit)[1]
    low = high = amount.value * size
    if amount.high is not None:
        return min(low, amount.high * size), max(low, amount.high * size)
    if amount.qualifier in (Qualifier.UP_TO, Qualifier.LESS_THAN):
        return min(0.0, low), high
    if amount.qualifier in (Qualifier.MORE_THAN, Qualifier.AT_LEAST):
        return low, math.inf
    slack = abs(low) * (ABOUT if amount.qualifier is Qualifier.ABOUT else EXACT)
    return low - slack, high + slack


def say_amount(amount: Amount) -> str:
    """Return an amount as words: 'up to 1000 t'."""
    qualifier = "" if amount.qualifier is Qualifier.EXACT else amount.qualifier.value.replace("_", " ") + " "
    upper = "" if amount.high is None else f" and {amount.high:g}"
    unit = "" if amount.unit in ("", "1") else f"{'' if amount.unit == '%' else ' '}{amount.unit}"
    return f"{qualifier}{amount.value:g}{upper}{unit}"


def _meet(one: tuple[float, float], two: tuple[float, float]) -> bool:
    return one[0] <= two[1] and two[0] <= one[1]


def _date_differences(first: Claim, second: Claim) -> Iterator[Difference]:
    for of in sorted({date.of for date in first.dates if date.of} & {date.of for date in second.dates if date.of}):
        pairs = [(a, b) for a in first.dates for b in second.dates if a.of == b.of == of]
        spans = [(days(a), days(b)) for a, b in pairs]
        known = [(a, b) for a, b in spans if a and b]
        if known and not any(a[0] <= b[1] and b[0] <= a[1] for a, b in known):
            yield Difference(f"date of {of}", pairs[0][0].value, pairs[0][1].value)


def days(date: ClaimDate) -> tuple[dt.date, dt.date] | None:
    """Return the first and last day that a date may mean; None where it is no date."""
    months = {DatePrecision.QUARTER: 3, DatePrecision.HALF: 6}.get(date.precision, 1)
    return day_span(date.value, months=months)


@cache
def day_span(text: str, *, months: int = 1) -> tuple[dt.date, dt.date] | None:
    """Return the first and last day of YYYY, YYYY-MM (and the months after it) or YYYY-MM-DD; None if it is none."""
    parts = re.fullmatch(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", text)
    if not parts:
        return None
    year, month, day = (int(part) if part else 0 for part in parts.groups())
    try:
        first = dt.date(year, month or 1, day or 1)
        if day:
            return first, first
        last_month = min(12, (month or 1) + months - 1) if month else 12
        return first, dt.date(year, last_month, calendar.monthrange(year, last_month)[1])
    except ValueError:
        return None


def is_later(first: str, second: str) -> bool:
    """Return whether a day surely comes after another; false where precision leaves it open."""
    one, two = day_span(first), day_span(second)
    return bool(one and two and one[0] > two[1])


def progress(earlier: Status | None, later: Status | None) -> str:
    """Return how a status followed another: same, advanced, regressed, ended, denied, resumed, or '' where unknown."""
    if earlier is None or later is None:
        return ""
    if earlier == later:
        return "same"
    if Status.DENIED in (earlier, later):
        return "denied"
    if later in ENDS:
        return "ended"
    if earlier in ENDS:
        return "resumed"
    for ladder in LADDERS:
        if earlier in ladder and later in ladder:
            step = ladder[later] - ladder[earlier]
            return "same" if step == 0 else "advanced" if step > 0 else "regressed"
    return ""
