"""A developer's record: starts that were promised against starts that were delivered, and the odds of the next promise.

A promise is kept where the first product came within the days that the promise covers (plus `grace_d`), a promise of
2024 by the end of that year; late where it came after; inauguration is no delivery. Odds are those of a Beta-Binomial:
with k kept, m late and a prior Beta(a, b), the next promise is kept with (a + k) / (a + b + k + m), bounds the 5 and
95 % quantiles of Beta(a + k, b + m). Unless given, the prior has the weight of two promises at the rate of all other
developers, itself (k + 1) / (k + m + 2). A promise that is due and of which no delivery is known is left out of the
odds and counted as late in `odds_low`: what is not known is not taken to have failed, nor to have worked. One that is
not yet due, or whose delivery is dated too roughly to tell, counts in neither.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from ytterby.chain import Chain
from ytterby.chain.ownership import statements_on
from ytterby.evidence.claim import EventKind, Status
from ytterby.evidence.compare import day_span, days
from ytterby.evidence.ledger.records import Entry
from ytterby.evidence.link import key_parties, sites

STARTS = frozenset(["start", "opening", "production", "first_product", "completion", "commissioning", "operation"])
DELIVERED = frozenset([Status.FIRST_PRODUCT, Status.RAMP_UP, Status.NAMEPLATE, Status.OPERATING])
PLANTS = frozenset([EventKind.CONSTRUCTION, EventKind.OPENING, EventKind.CAPACITY])
PRIOR_WEIGHT = 2.0


@dataclass(frozen=True)
class Promise:
    """A start that somebody promised: the last day of the promise, the days of the first product where known."""

    developer: str
    what: str
    promised: dt.date
    delivered: tuple[dt.date, dt.date] | None
    source: str

    def state(self, as_of: dt.date, grace_d: int = 0) -> str:
        """Return kept, late, unclear (dated too roughly), overdue (due, no delivery known) or open (not due)."""
        due = self.promised + dt.timedelta(days=grace_d)
        if self.delivered is None or self.delivered[0] > as_of:
            return "overdue" if due < as_of else "open"
        first, last = self.delivered
        return "kept" if last <= due else "late" if first > due else "unclear"


@dataclass(frozen=True)
class TrackRecord:
    """What a developer promised and delivered, and the odds that its next promise is kept."""

    developer: str
    as_of: dt.date
    grace_d: int
    promises: tuple[Promise, ...]
    kept: int
    late: int
    overdue: int
    prior: tuple[float, float]
    odds: float
    odds_5: float
    odds_95: float
    odds_low: float

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a plain dictionary."""
        names = ("developer", "kept", "late", "overdue", "odds", "odds_5", "odds_95", "odds_low")
        rows = [
            {
                "what": promise.what,
                "promised": promise.promised.isoformat(),
                "delivered": [day.isoformat() for day in promise.delivered] if promise.delivered else None,
                "state": promise.state(self.as_of, self.grace_d),
                "source": promise.source,
            }
            for promise in self.promises
        ]
        return {**{name: getattr(self, name) for name in names}, "prior": list(self.prior), "promises": rows}


def promises_of_chain(chain: Chain) -> tuple[Promise, ...]:
    """Return the promises in a chain's table of projects, each by the largest holder of the site when it was made."""
    found = []
    columns = ("project_id", "facility_id", "announced", "promised_start", "delivered_start", "source_id")
    for project, site, announced, promised, delivered, source in chain.projects.select(columns).iter_rows():
        due, came = day_span(promised or ""), day_span(delivered or "")
        if due is None:
            continue
        made = day_span(announced or "")
        owner = _holder(chain, site, made[0] if made else due[0])
        if owner:
            found.append(Promise(owner, project, due[1], came, source))
    return tuple(found)


def _holder(chain: Chain, site: str, day: dt.date) -> str:
    """Return the largest direct holder of a site on a day; empty where several have stakes of unknown size."""
    rows = statements_on(chain, day)[0].filter(pl.col("owned_id") == site)
    if rows.height == 1:
        return str(rows["owner_id"][0])
    known = rows.drop_nulls("share").sort("share", "owner_id", descending=[True, False])
    return str(known["owner_id"][0]) if known.height == rows.height and known.height else ""


def promises_of_claims(entries: Iterable[Entry]) -> tuple[Promise, ...]:
    """Return the promises among the claims on one plant: each start said before it was due, with the delivery since.

    The first product is the earliest day on which a claim says that the plant produces, or that day's own date.
    """
    told = [entry for entry in entries if entry.claim.event_kind in PLANTS]
    delivered = [_delivery(entry) for entry in told if entry.claim.status in DELIVERED]
    first = min((span for span in delivered if span), default=None)
    found = []
    for entry in told:
        said, developer = day_span(entry.day), _developer(entry)
        starts = [days(date) for date in entry.claim.dates if date.of in STARTS]
        ahead = [span[1] for span in starts if span and said and span[1] > said[1]]
        if developer and ahead and entry.claim.status not in DELIVERED:
            what = ", ".join(sites(entry.claim)) or entry.id
            found.append(Promise(developer, what, min(ahead), first, f"claim {entry.id}"))
    return tuple(found)


def _developer(entry: Entry) -> str:
    companies = (party for party in key_parties(entry.claim) if party.kind != "government")
    return next((party.id or party.name for party in companies), "")


def _delivery(entry: Entry) -> tuple[dt.date, dt.date] | None:
    """Return the days of the first product by one claim: the start that it dates, else the day on which it speaks."""
    said = day_span(entry.day)
    spans = [days(date) for date in entry.claim.dates if date.of in STARTS]
    known = [span for span in spans if span and (said is None or span[0] <= said[1])]
    return min(known) if known else said


def track_record(
    developer: str,
    promises: Sequence[Promise],
    *,
    as_of: dt.date,
    grace_d: int = 0,
    prior: tuple[float, float] | None = None,
) -> TrackRecord:
    """Return what a developer kept of its promises by a day, and the odds of its next one.

    Args:
        developer: id of the company.
        promises: promises of this developer and of others, from chains and claims.
        as_of: day on which the record is drawn up.
        grace_d: days by which a start may slip and still count as kept.
        prior: a and b of the Beta prior; None: from the other developers, with the weight of two promises.

    Raises:
        ValueError: a prior that is not positive.
    """
    promises = tuple(dict.fromkeys(promises))  # a site of two metals stands in both packages
    own = tuple(sorted((p for p in promises if p.developer == developer), key=lambda p: (p.promised, p.what)))
    states = [promise.state(as_of, grace_d) for promise in own]
    kept, late, overdue = (states.count(name) for name in ("kept", "late", "overdue"))
    if prior is None:
        others = [p.state(as_of, grace_d) for p in promises if p.developer != developer]
        rate = (others.count("kept") + 1) / (others.count("kept") + others.count("late") + 2)
        prior = (PRIOR_WEIGHT * rate, PRIOR_WEIGHT * (1 - rate))
    if min(prior) <= 0:
        raise ValueError("both parameters of a Beta prior are above 0")
    from scipy.special import betaincinv

    a, b = prior[0] + kept, prior[1] + late
    low, high = float(betaincinv(a, b, 0.05)), float(betaincinv(a, b, 0.95))
    odds_low = a / (a + b + overdue)
    return TrackRecord(developer, as_of, grace_d, own, kept, late, overdue, prior, a / (a + b), low, high, odds_low)
