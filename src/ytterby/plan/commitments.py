"""Offtakes that bind: what a seller has signed to deliver to a buyer flows at least, year by year.

A definitive or closed offtake with a least quantity holds from its start to its end: the lane from the seller's
place to the buyer's carries at least that, up to nine tenths (ours) of what the seller's place can make then. One
between places without a lane, or of a material that is not shipped, is named in the result.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from ytterby.chain.ownership import first_day
from ytterby.plan.programme import Programme
from ytterby.tonnage import gross_of

BINDING = ("definitive", "closed")
DELIVERABLE = 0.9


def add_commitments(programme: Programme) -> None:
    """Add a row for each lane and period on which offtakes bind."""
    network, horizon = programme.network, programme.horizon
    lane_of = {
        (m, a, b): n for n, m, a, b in network.lanes.select("lane", "material", "exporter", "importer").iter_rows()
    }
    made = {(m, r): n for m, r, n in network.groups.select("material", "region", "capacity_t_per_a").iter_rows()}
    wanted: dict[int, np.ndarray] = {}
    lost = 0
    for material, seller, buyer, t, start, end in _deals(programme):
        lane = lane_of.get((material, seller, buyer))
        if lane is None:
            lost += 1
            continue
        holds = (horizon.years >= start) & (horizon.years <= end)
        wanted[lane] = wanted.get(lane, np.zeros(horizon.count)) + np.where(holds, t, 0.0)
        wanted[lane] = np.minimum(wanted[lane], DELIVERABLE * made.get((material, seller), 0.0))
    if lost:
        programme.notes.append(f"{lost} binding offtakes are named, not applied: no lane joins seller and buyer.")
    rows = [(lane, t, float(wanted[lane][t])) for lane in sorted(wanted) for t in np.flatnonzero(wanted[lane] > 0)]
    if not rows:
        return
    lanes = np.array([lane for lane, _, _ in rows])
    periods = np.array([t for _, t, _ in rows])
    rests = {(m, r): figure for m, r, figure in network.groups.select("material", "region", "figure").iter_rows()}
    ends = network.lanes.select("material", "exporter")[lanes].iter_rows()
    labels = network.lanes.select("material", pl.col("importer").alias("region"))[lanes].with_columns(
        pl.Series("figure", [rests.get(key, -1) for key in ends]),
        pl.Series("period", periods.astype(np.int32)),
        pl.Series("year", horizon.years[periods].astype(np.int32)),
    )
    block = programme.add_rows("offtake", labels, np.array([t for _, _, t in rows]), np.inf)
    columns = programme.columns["ship"].index[periods * network.lanes.height + lanes]
    programme.model.entries(block.index, columns, np.ones(block.count))


Deal = tuple[str, str, str, float, int, int]


def _deals(programme: Programme) -> list[Deal]:
    """Return material, seller's and buyer's region, least t a year, first and last year of binding offtakes."""
    network, chain = programme.network, programme.network.chain
    seats = dict(chain.companies.select("company_id", "place_id").iter_rows())
    sites = dict(chain.facilities.select("facility_id", "place_id").iter_rows())
    rows = chain.offtakes.filter(
        pl.col("status").is_in(BINDING)
        & pl.col("is_binding").fill_null(value=False)
        & pl.col("quantity_min").is_not_null()
    ).with_columns(first_day("start_date").alias("first"), first_day("end_date").alias("last"))
    found = []
    columns = ["material_id", "facility_id", "seller_id", "buyer_id", "quantity_min", "unit", "first", "last"]
    for material, site, seller, buyer, quantity, unit, first, last in rows.select(columns).iter_rows():
        origin, end = sites.get(site) or seats.get(seller), seats.get(buyer)
        if origin is None or end is None:
            continue
        t = quantity * gross_of(chain, material, unit or "t")
        start = first.year if first is not None else network.year
        until = last.year if last is not None else programme.horizon.end
        found.append((material, network.places.of(origin), network.places.of(end), t, start, until))
    return found
