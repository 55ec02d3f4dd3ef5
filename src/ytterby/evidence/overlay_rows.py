"""Rows of chain tables that one claim makes, or the reason why it makes none.

Capacity, opening and construction: facility_output and facility_status. Acquisition and joint venture: deals,
deal_status and, once closed, ownership. Financing: deals, deal_status. Offtake: offtakes. Research cooperation and
talent programme: partnerships. Quota, export control, policy: policies, policy_status, policy_materials. Price: prices.
A mass without 'a year' is taken as yearly for capacity and left out of an offtake; money is never converted. What the
claim does not say and the chain does not settle is refused: who sells, which site, which instrument.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import polars as pl

from ytterby.chain import Chain
from ytterby.errors import YtterbyError
from ytterby.evidence.claim import Amount, Claim, EventKind, Party, PartyRole, Qualifier, Status
from ytterby.evidence.compare import LADDERS, SHARE, amount_field, interval, unit_kind
from ytterby.evidence.ledger.records import Entry
from ytterby.evidence.link import countries, key_parties, sites

Row = dict[str, Any]
Rows = Iterator[tuple[str, Row]]
BUILT = frozenset([Status.FIRST_PRODUCT, Status.RAMP_UP, Status.NAMEPLATE, Status.OPERATING])
ASSET = frozenset(LADDERS[0]) | {Status.CARE_AND_MAINTENANCE, Status.SUSPENDED, Status.ASSET_CLOSED, Status.WITHDRAWN}
DEAL: Mapping[Status, str] = {
    Status.TALKS: "talks",
    Status.MOU: "mou",
    Status.LETTER_OF_INTENT: "mou",
    Status.TERM_SHEET: "term_sheet",
    Status.CONDITIONAL: "term_sheet",
    Status.FRAMEWORK: "framework",
    Status.DEFINITIVE: "definitive",
    Status.CLOSED: "closed",
    Status.WITHDRAWN: "withdrawn",
    Status.DENIED: "withdrawn",
}
RULE: Mapping[Status, str] = {
    Status.PROPOSED: "announced",
    Status.ANNOUNCED: "announced",
    Status.IN_FORCE: "in_force",
    Status.SUSPENDED: "suspended",
    Status.WITHDRAWN: "withdrawn",
}
INSTRUMENTS = (
    ("technology_ban", re.compile(r"\btechnolog|技术", re.IGNORECASE)),
    ("licence", re.compile(r"licen[cs]|permit|许可", re.IGNORECASE)),
    ("ban", re.compile(r"\bban(s|ned)?\b|prohibit|禁止", re.IGNORECASE)),
    ("tariff", re.compile(r"tariff|dut(y|ies)\b|关税", re.IGNORECASE)),
    ("quota", re.compile(r"quota|总量控制|指标", re.IGNORECASE)),
    ("stockpile", re.compile(r"stockpil|收储|储备", re.IGNORECASE)),
    ("subsidy", re.compile(r"subsid|补贴", re.IGNORECASE)),
    ("price_floor", re.compile(r"price floor|floor price", re.IGNORECASE)),
)


class RefusalError(YtterbyError):
    """A claim that makes no row; the text says why."""


def rows_of(chain: Chain, entry: Entry) -> Rows:
    """Yield the rows that a claim makes: table and cells; source, confidence and note are added by the overlay.

    Raises:
        RefusalError: something that the rows need is not said.
    """
    kind = entry.claim.event_kind
    if kind is None:
        raise RefusalError("the kind of event is not known")
    yield from MAKERS[kind](chain, entry)


def own_id(entry: Entry) -> str:
    """Return the id of a row that a claim makes."""
    return f"claim-{entry.id[:12]}"


def _said_on(entry: Entry, *purposes: str) -> str:
    """Return the day of what a claim tells: its own date of one of the purposes, else the day it was said."""
    dated = [date.value for date in entry.claim.dates if date.of in purposes]
    day = dated[0] if dated else entry.day
    if not day:
        raise RefusalError("neither the claim nor its document is dated")
    return day


def _material(chain: Chain, claim: Claim) -> str:
    known = [material for material in claim.materials if material in set(chain.materials["material_id"])]
    if len(known) != 1:
        raise RefusalError(f"it names {len(known)} materials of the chain where one is needed")
    return known[0]


def _deal_status(claim: Claim) -> str:
    if claim.status is None or claim.status not in DEAL:
        raise RefusalError("the status of the deal is not said")
    return DEAL[claim.status]


def _companies(chain: Chain, claim: Claim, *, least: int) -> list[str]:
    known = set(chain.companies["company_id"])
    parties = key_parties(claim)
    if strangers := [party.name for party in parties if party.id not in known]:
        raise RefusalError(f"'{strangers[0]}' is not among the companies of the chain")
    if len(parties) < least:
        raise RefusalError(f"it names {len(parties)} of at least {least} parties")
    return [party.id for party in parties]


def _site(chain: Chain, claim: Claim, material: str | None) -> str:
    """Return the site that a claim is on: named, or the only one of its company that makes the material."""
    known = set(chain.facilities["facility_id"])
    named = [place for place in (*sites(claim), *(party.id for party in claim.parties)) if place in known]
    if len(set(named)) == 1:
        return named[0]
    if named:
        raise RefusalError("it names several sites")
    parties = [party.id for party in key_parties(claim) if party.id]
    held = _sites_of(chain, parties, material)
    if len(held) != 1:
        raise RefusalError(f"the site is not named and the parties hold {len(held)} that may be meant")
    return held[0]


def _sites_of(chain: Chain, companies: list[str], material: str | None) -> list[str]:
    rows = chain.ownership.filter(pl.col("owner_id").is_in(companies) & pl.col("superseded_by").is_null())
    held = rows.filter(pl.col("owned_id").is_in(chain.facilities["facility_id"].implode()))["owned_id"]
    makes = chain.facility_output
    if material is not None:
        makes = makes.filter(pl.col("material_id") == material)
    return sorted(set(held) & set(makes["facility_id"]))


def quantities(amount: Amount) -> dict[str, float | None]:
    """Return value and bounds of an amount: 'up to' has an upper bound alone, 'at least' a lower one."""
    size = unit_kind(amount.unit)[1]
    low, high = (end / size for end in interval(amount))
    if amount.high is not None:
        return {"": None, "_low": low, "_high": high}
    if amount.qualifier in (Qualifier.EXACT, Qualifier.ABOUT):
        bounds = (None, None) if amount.qualifier is Qualifier.EXACT else (low, high)
        return {"": amount.value, "_low": bounds[0], "_high": bounds[1]}
    return {"": None, "_low": low if high == math.inf else None, "_high": None if high == math.inf else high}


def _mass(claim: Claim, *, per_year: bool) -> tuple[Amount, str] | None:
    """Return the one mass of a claim with its unit as the tables write it, without the year."""
    found = []
    for amount in claim.amounts:
        kind = unit_kind(amount.unit)[0]
        if kind.startswith("mass") and (not per_year or kind.endswith("per year")):
            found.append((amount, re.sub(r"\s*(/\s*(a|yr|year)|per (year|annum))$", "", amount.unit)))
    if len(found) > 1:
        raise RefusalError("it names several masses")
    return found[0] if found else None


def _plant(chain: Chain, entry: Entry) -> Rows:
    claim = entry.claim
    mass = _mass(claim, per_year=False)
    material = _material(chain, claim) if mass else None
    site = _site(chain, claim, material)
    if claim.status in ASSET:
        day = _said_on(entry, "start", "completion") if claim.status in BUILT else _said_on(entry)
        status = "closed" if claim.status is Status.ASSET_CLOSED else str(claim.status)
        yield "facility_status", {"facility_id": site, "date": day, "status": status}
    if mass and claim.status is not Status.DENIED:
        amount, unit = mass
        measure = "capacity" if claim.status in BUILT else "planned_capacity"
        year = int(_said_on(entry, "start", "completion")[:4])
        held = {f"quantity{end}": value for end, value in quantities(amount).items()}
        cells = {"facility_id": site, "material_id": material, "measure": measure, "year": year, "unit": unit}
        yield "facility_output", {**cells, **held, "process_id": _process(chain, site, material)}
    elif claim.status not in ASSET:
        raise RefusalError("it says neither a status of the site nor a capacity")


def _process(chain: Chain, site: str, material: str | None) -> str | None:
    rows = chain.facility_output.filter((pl.col("facility_id") == site) & (pl.col("material_id") == material))
    known = rows["process_id"].drop_nulls().unique().to_list()
    return str(known[0]) if len(known) == 1 else None


def _stake(chain: Chain, entry: Entry) -> Rows:
    claim, status = entry.claim, _deal_status(entry.claim)
    kind = "joint_venture" if claim.event_kind is EventKind.JOINT_VENTURE else "acquisition"
    known = set(chain.companies["company_id"])
    targets = known | set(chain.facilities["facility_id"])
    owners = [p for p in claim.parties if p.role is PartyRole.SUBJECT and p.id in known]
    owned = [p for p in claim.parties if p.role is PartyRole.OBJECT and p.id in targets]
    owned = owned or [Party(site, site) for site in sites(claim) if site in targets]
    yield from _deal(entry, kind, [p.id for p in (*owners, *owned) if p.id in known], status, {})
    if status != "closed":
        return
    if len(owners) != 1 or len(owned) != 1:
        raise RefusalError("who holds what is not said: one holder and one company or site are needed")
    shares = [amount for amount in claim.amounts if amount_field(amount) == SHARE]
    cells: Row = {"statement_id": own_id(entry), "owner_id": owners[0].id, "owned_id": owned[0].id}
    cells |= {"interest": "equity", "date_from": _said_on(entry, "closing", "signing", "")}
    if len(shares) == 1:
        size = unit_kind(shares[0].unit)[1]
        cells |= {f"share{e}": None if v is None else v * size for e, v in quantities(shares[0]).items()}
    yield "ownership", cells


def _deal(entry: Entry, kind: str, parties: list[str], status: str, cells: Row) -> Rows:
    if not parties:
        raise RefusalError("none of its parties is among the companies of the chain")
    name = entry.claim.quote if len(entry.claim.quote) <= 80 else entry.claim.quote[:79] + "…"
    head = {"deal_id": own_id(entry), "kind": kind, "name": name, "party_id": ";".join(dict.fromkeys(parties))}
    yield "deals", {**head, **cells}
    yield "deal_status", {"deal_id": own_id(entry), "date": _said_on(entry, "signing", "closing"), "status": status}


def _financing(chain: Chain, entry: Entry) -> Rows:
    status = _deal_status(entry.claim)
    money = [a for a in entry.claim.amounts if unit_kind(a.unit)[0] == "USD" and a.qualifier is Qualifier.EXACT]
    cells: Row = {}
    if len(money) == 1:
        musd = money[0].value * unit_kind(money[0].unit)[1] / 1e6
        cells = {"amount_musd": musd, "money_year": int(_said_on(entry, "signing")[:4])}
    known = set(chain.companies["company_id"])
    parties = [party.id for party in key_parties(entry.claim) if party.id in known]
    yield from _deal(entry, "financing", parties, status, cells)


def _offtake(chain: Chain, entry: Entry) -> Rows:
    claim = entry.claim
    status, material = _deal_status(claim), _material(chain, claim)
    parties = _companies(chain, claim, least=2)
    if len(parties) != 2:
        raise RefusalError(f"it names {len(parties)} parties where two are needed")
    seller = _seller(chain, parties, material)
    buyer = next(party for party in parties if party != seller)
    held = _sites_of(chain, [seller], material)
    cells: Row = {"offtake_id": own_id(entry), "seller_id": seller, "buyer_id": buyer, "material_id": material}
    cells |= {"status": status, "date": _said_on(entry, "signing"), "facility_id": held[0] if len(held) == 1 else None}
    starts = [date.value for date in claim.dates if date.of == "start"]
    cells |= {"start_date": starts[0] if starts else None}
    if mass := _mass(claim, per_year=True):
        said = quantities(mass[0])
        least = said["_low"] if said[""] is None else said[""]
        most = said["_high"] if said[""] is None else said[""]
        cells |= {"quantity_min": least, "quantity_max": most, "unit": mass[1]}
    yield "offtakes", cells


def _seller(chain: Chain, parties: list[str], material: str) -> str:
    """Return which of two parties sells: the one who did before, else the only one with a site that makes it."""
    deals = chain.offtakes.filter(pl.col("material_id") == material)
    both = pl.col("seller_id").is_in(parties) & pl.col("buyer_id").is_in(parties)
    before = deals.filter(both)["seller_id"].unique().to_list()
    makers = before or [party for party in parties if _sites_of(chain, [party], material)]
    if len(makers) != 1:
        raise RefusalError("which of the parties sells is not said, and the chain does not tell")
    return str(makers[0])


def _partnership(chain: Chain, entry: Entry) -> Rows:
    parties = _companies(chain, entry.claim, least=2)
    cells = {"partnership_id": own_id(entry), "name": entry.claim.quote[:80], "party_id": ";".join(parties)}
    yield "partnerships", {**cells, "status": _deal_status(entry.claim), "date": _said_on(entry, "signing")}


def _policy(chain: Chain, entry: Entry) -> Rows:
    claim = entry.claim
    if claim.status is None or claim.status not in RULE:
        raise RefusalError("whether it is announced or in force is not said")
    states = [party.country for party in claim.parties if party.kind in ("government", "state") and party.country]
    by = list(dict.fromkeys(states)) or list(countries(claim))
    if len(by) != 1:
        raise RefusalError("which state imposes it is not said")
    told = [name for name, word in INSTRUMENTS if word.search(claim.quote)]
    instrument = "quota" if claim.event_kind is EventKind.QUOTA else told[0] if told else ""
    if not instrument:
        raise RefusalError("which instrument it is is not said")
    cells: Row = {"policy_id": own_id(entry), "name": claim.quote[:80], "instrument": instrument, "imposed_by": by[0]}
    mass = _mass(claim, per_year=False)
    if mass and mass[0].qualifier is Qualifier.EXACT:
        cells |= {"value": mass[0].value, "unit": mass[1]}
    yield "policies", cells
    day = _said_on(entry, "in_force") if claim.status is Status.IN_FORCE else _said_on(entry)
    yield "policy_status", {"policy_id": own_id(entry), "date": day, "status": RULE[claim.status]}
    for material in claim.materials:
        if material in set(chain.materials["material_id"]):
            yield "policy_materials", {"policy_id": own_id(entry), "material_id": material}


def _price(chain: Chain, entry: Entry) -> Rows:
    prices = [a for a in entry.claim.amounts if a.unit == "USD/t" and a.qualifier in (Qualifier.EXACT, Qualifier.ABOUT)]
    if len(prices) != 1:
        raise RefusalError("it names no single price in USD/t")
    market = entry.document.publisher or entry.claim.speaker
    if not market:
        raise RefusalError("the market is not said")
    cells = {"material_id": _material(chain, entry.claim), "date": _said_on(entry), "market": market}
    yield "prices", {**cells, "price_usd_per_t": prices[0].value}


MAKERS: Mapping[EventKind, Callable[[Chain, Entry], Rows]] = {
    EventKind.CAPACITY: _plant,
    EventKind.OPENING: _plant,
    EventKind.CONSTRUCTION: _plant,
    EventKind.ACQUISITION: _stake,
    EventKind.JOINT_VENTURE: _stake,
    EventKind.FINANCING: _financing,
    EventKind.OFFTAKE: _offtake,
    EventKind.RESEARCH_COOPERATION: _partnership,
    EventKind.TALENT_PROGRAMME: _partnership,
    EventKind.QUOTA: _policy,
    EventKind.EXPORT_CONTROL: _policy,
    EventKind.POLICY: _policy,
    EventKind.PRICE: _price,
}
