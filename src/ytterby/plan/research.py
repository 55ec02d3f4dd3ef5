"""Research gates: a variant process can be built only after its programme, funded whole or not at all, has delivered.

A programme costs its budget, spread evenly over its years, and delivers in the year it started plus its duration, with
its odds. With fixed odds a variant's plant counts at its odds, as an expectation. Which programmes are funded is
enumerated, 2^n plans solved warm, up to six programmes; the rest of the plan stays a linear programme with duals. A
programme that is open or licensed serves every place that plans, one for partners only the places of its partners.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import polars as pl

from ytterby.chain.chain import Chain
from ytterby.errors import YtterbyError
from ytterby.network.figures import Money
from ytterby.network.regions import Regions
from ytterby.plan.costs import Category
from ytterby.plan.programme import Programme

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
MOST = 6


@dataclass(frozen=True)
class ResearchProgramme:
    """A programme: what it makes possible, when, at which odds and price, and for whom."""

    research_id: str
    name: str
    base: str
    variant: str
    trl_now: int | None
    trl_needed: int | None
    duration_a: float
    odds: float
    budget_musd: float
    adoption: str
    partners: frozenset[str]
    confidence: str
    source_id: str

    def serves(self, region: str, members: frozenset[str]) -> bool:
        """Return whether a region may build the variant."""
        return self.adoption != "partners" or bool(self.partners & (members | {region}))


def programmes_of(chain: Chain, money: Money) -> tuple[ResearchProgramme, ...]:
    """Return the programmes of a chain, in order of id.

    Raises:
        YtterbyError: odds outside 0 to 1, a duration or budget that is missing or negative.
    """
    seats = dict(chain.companies.select("company_id", "place_id").iter_rows())
    partners: dict[str, set[str]] = {}
    for research, parties in chain.partnerships.select("research_id", "party_id").drop_nulls().iter_rows():
        places = {seats.get(party) for party in parties.split(";")}
        partners.setdefault(research, set()).update(place for place in places if place)
    found = []
    for row in chain.research.sort("research_id").iter_rows(named=True):
        found.append(_programme(row, frozenset(partners.get(row["research_id"], ())), money))
    return tuple(found)


def _programme(row: Mapping[str, object], partners: frozenset[str], money: Money) -> ResearchProgramme:
    name = row["research_id"]
    for column in ("duration_a", "odds", "budget_musd"):
        if row[column] is None:
            raise YtterbyError(f"table research, {name}: {column} is empty; state it, or remove the programme")
    odds = float(str(row["odds"]))
    if not 0 <= odds <= 1:
        raise YtterbyError(f"table research, {name}: odds of {odds:g} lie outside 0 to 1; write a probability")
    if float(str(row["duration_a"])) < 0 or float(str(row["budget_musd"])) < 0:
        raise YtterbyError(f"table research, {name}: duration_a and budget_musd must not be negative")
    year = None if row["money_year"] is None else int(str(row["money_year"]))
    return ResearchProgramme(
        research_id=str(name),
        name=str(row["name"]),
        base=str(row["base_process_id"]),
        variant=str(row["variant_process_id"]),
        trl_now=None if row["trl_now"] is None else int(str(row["trl_now"])),
        trl_needed=None if row["trl_needed"] is None else int(str(row["trl_needed"])),
        duration_a=float(str(row["duration_a"])),
        odds=odds,
        budget_musd=float(str(row["budget_musd"])) * money.factor(year),
        adoption=str(row["adoption"] or "open"),
        partners=partners,
        confidence=str(row["confidence"]),
        source_id=str(row["source_id"]),
    )


def add_research(programme: Programme, money: Money) -> tuple[ResearchProgramme, ...]:
    """Add a column for each programme that gates a candidate, shut at 0, and return the programmes.

    Raises:
        YtterbyError: see `programmes_of` and `deciding`.
    """
    network, horizon, options = programme.network, programme.horizon, programme.options
    built = frozenset(programme.columns["build"].table["process_id"].unique())
    found = tuple(p for p in programmes_of(network.chain, money) if p.variant in built)
    deciding(found, options.programmes) if options.research != "none" else ()
    labels = pl.DataFrame({"research_id": [p.research_id for p in found]}, schema={"research_id": pl.String})
    fund = programme.add_columns("fund", labels, upper=0.0)
    start = int(horizon.years[1])
    for number, entry in enumerate(found):
        usd, plain = cost_of(entry, start, horizon.rate, horizon.base)
        programme.ledger.add(Category.RESEARCH, fund.index[number], usd, plain)
    return found


def deciding(programmes: Sequence[ResearchProgramme], names: Sequence[str] | None) -> tuple[ResearchProgramme, ...]:
    """Return the programmes that a plan decides on: all whose variant could be built, or those that are named.

    Raises:
        YtterbyError: more than can be enumerated, or a name that is no programme with a variant.
    """
    usable = list(programmes)
    if names is not None:
        known = {p.research_id: p for p in programmes}
        for name in names:
            if name not in known:
                raise YtterbyError(
                    f"programme '{name}' has no variant that could be built here; those that have: "
                    f"{', '.join(sorted(known)) or 'none'}"
                )
        usable = [known[name] for name in names]
    if len(usable) > MOST:
        listed = ", ".join(p.research_id for p in usable)
        raise YtterbyError(
            f"{len(usable)} programmes make {2 ** len(usable)} choices, more than {2**MOST}; name up to {MOST} with "
            f"--programme: {listed}"
        )
    return tuple(usable)


def subsets(count: int) -> list[tuple[bool, ...]]:
    """Return every choice of programmes, none first."""
    return sorted(product((False, True), repeat=count), key=lambda choice: (sum(choice), [not c for c in choice]))


def open_builds(
    labels: pl.DataFrame,
    programmes: Sequence[ResearchProgramme],
    delivered: Sequence[float | None],
    regions: Regions,
    *,
    everyone: bool = False,
    partners_only: bool = False,
) -> Flags:
    """Return which builds may be decided: all but variants whose programme has not delivered by then, or not to them.

    Args:
        labels: labels of the build columns.
        programmes: the programmes that gate variants.
        delivered: year in which each delivers; None where it is not funded or fails.
        regions: the model's regions.
        everyone: whether adoption is open to all, whatever the programme says.
        partners_only: whether it reaches the programme's partners alone, whatever the programme says.
    """
    process, region = labels["process_id"].to_numpy(), labels["region"].to_numpy()
    decided = labels["year_decided"].to_numpy()
    allowed = np.ones(labels.height, dtype=bool)
    for programme, year in zip(programmes, delivered, strict=True):
        own = process == programme.variant
        for place in np.unique(region[own]):
            members = regions.members(str(place))
            own_partner = bool(programme.partners & (members | {str(place)}))
            serves = everyone or (own_partner if partners_only else programme.serves(str(place), members))
            here = own & (region == place)
            allowed[here] = False if year is None or not serves else decided[here] >= year
    return allowed


def cost_of(programme: ResearchProgramme, start: int, rate: float, base: int) -> tuple[float, float]:
    """Return the discounted and the undiscounted cost of a programme, USD: its budget, evenly over its years."""
    years = np.arange(start, start + max(1, int(np.ceil(programme.duration_a))))
    factor = np.power(1.0 + rate, -(years - base).astype(np.float64)).mean()
    return programme.budget_musd * 1e6 * float(factor), programme.budget_musd * 1e6
